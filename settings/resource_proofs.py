"""Rules about memory and processors."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.base import Resources
from settings.problems import Problem
from settings.quantities import parse_bytes, parse_millicores
from settings.redis import RedisMode

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings


def _every_resources(settings: "PlatformSettings") -> Iterator[tuple[str, Resources]]:
    airflow = settings.airflow
    yield "postgres", settings.postgres.resources
    yield "postgres.pooler", settings.postgres.pooler.resources
    yield "postgres.backup.drill", settings.postgres.backup.drill.resources
    yield "redis", settings.redis.resources
    for name in ("scheduler", "dag_processor", "triggerer", "api_core", "api_execution"):
        camel = name.split("_")[0] + "".join(word.title() for word in name.split("_")[1:])
        yield f"airflow.{camel}", getattr(airflow, name).resources
    for name, bundle in sorted(airflow.bundles.items()):
        yield f"airflow.bundles.{name}.dagProcessor", bundle.dag_processor.resources
    for name, queue in sorted(settings.workers.queues.items()):
        yield f"workers.queues.{name}", queue.resources
    yield "airflow.taskPods", airflow.task_pods.resources
    yield "workers.keda", settings.workers.keda.resources
    yield "monitoring", settings.monitoring.resources
    yield "ingress", settings.ingress.resources


def requests_within_limits(settings: "PlatformSettings") -> Iterator[Problem]:
    """Nothing asks for more than it may take."""
    for key, resources in _every_resources(settings):
        requests, limits = resources.requests, resources.limits
        if parse_bytes(requests.memory) > parse_bytes(limits.memory):
            yield Problem(
                key=f"{key}.resources.requests.memory",
                value=requests.memory,
                reason=f"it is above the limit {limits.memory}",
                way_out=f"Lower it to {limits.memory} or raise the limit",
            )
        if requests.cpu and limits.cpu and parse_millicores(requests.cpu) > parse_millicores(limits.cpu):
            yield Problem(
                key=f"{key}.resources.requests.cpu",
                value=requests.cpu,
                reason=f"it is above the limit {limits.cpu}",
                way_out=f"Lower it to {limits.cpu} or leave the CPU limit out",
            )


def broker_memory(settings: "PlatformSettings") -> Iterator[Problem]:
    """The broker has room to write its file anew."""
    redis = settings.redis
    if redis.mode is RedisMode.EXTERNAL:
        return
    data, limit = parse_bytes(redis.max_memory), parse_bytes(redis.resources.limits.memory)
    # A rewrite of the append-only file forks; pages written meanwhile exist twice.
    if data * 4 > limit * 3:
        yield Problem(
            key="redis.maxMemory",
            value=redis.max_memory,
            reason=f"it is over three quarters of the memory limit {redis.resources.limits.memory}, "
            "and rewriting the append-only file needs room beside the data",
            way_out=f"Lower it to {limit * 3 // 4 // 2**20}Mi or raise redis.resources.limits.memory",
        )


RESOURCE_RULES = (broker_memory, requests_within_limits)
