"""Rules about what an environment asks of a stack."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.airflow import AuthKind
from settings.problems import Problem
from settings.redis import RedisMode
from settings.stack import Environment

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings


def context(settings: "PlatformSettings") -> Iterator[Problem]:
    """Where a stack goes is stated."""
    if not settings.context:
        yield Problem(
            key="context",
            value="(missing)",
            reason="without it the current context of whoever deploys would be used",
            way_out="Name the kube context of this stack",
        )


def tested_images(settings: "PlatformSettings") -> Iterator[Problem]:
    """What runs is what was tested."""
    for name, reference in sorted(settings.images.overrides.items()):
        if "@sha256:" not in reference:
            yield Problem(
                key=f"images.overrides.{name}",
                value=reference,
                reason="a tag can change under a running platform",
                way_out="Write it by digest: <registry>/<name>@sha256:<digest>",
            )
    if settings.images.build and settings.environment is Environment.PROD:
        yield Problem(
            key="images.build",
            value="true",
            reason="prod runs what was built and tested before, by the digests of images/lock.yaml",
            way_out="Remove it",
        )


def example_dags(settings: "PlatformSettings") -> Iterator[Problem]:
    """Example DAGs are for dev alone."""
    if settings.airflow.load_examples and settings.environment is not Environment.DEV:
        yield Problem(
            key="airflow.loadExamples",
            value="true",
            reason=f"example DAGs do not belong into {settings.environment.value}",
            way_out="Remove it",
        )


def production(settings: "PlatformSettings") -> Iterator[Problem]:
    """Prod survives the loss of a pod."""
    if settings.environment is not Environment.PROD:
        return
    airflow = settings.airflow
    floors = (
        ("airflow.scheduler.replicas", airflow.scheduler.replicas, 2),
        ("airflow.dagProcessor.replicas", airflow.dag_processor.replicas, 2),
        ("airflow.triggerer.replicas", airflow.triggerer.replicas, 2),
        ("airflow.apiCore.replicas", airflow.api_core.replicas, 2),
        ("airflow.apiExecution.replicas", airflow.api_execution.replicas, 2),
        ("postgres.instances", settings.postgres.instances, 1 if settings.postgres.is_external else 3),
        ("postgres.pooler.replicas", settings.postgres.pooler.replicas, 2),
        ("ingress.replicas", settings.ingress.replicas, 2),
    )
    for key, value, floor in floors:
        if value < floor:
            yield Problem(
                key=key,
                value=str(value),
                reason=f"prod must survive the loss of a pod, which takes at least {floor}",
                way_out=f"Raise it to {floor}",
            )
    if settings.redis.mode is RedisMode.STANDALONE:
        yield Problem(
            key="redis.mode",
            value=settings.redis.mode.value,
            reason="prod must survive the loss of the broker's pod",
            way_out="Write 'sentinel', or 'external' with a service that survives it",
        )
    if airflow.auth.kind is not AuthKind.OIDC:
        yield Problem(
            key="airflow.auth.kind",
            value=airflow.auth.kind.value,
            reason="in prod people log in at a provider, where multi-factor authentication lives",
            way_out="Write 'oidc' and add airflow.auth.oidc",
        )


ENVIRONMENT_RULES = (context, tested_images, example_dags, production)
