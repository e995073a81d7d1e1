"""Secrets reach a process as files."""

from collections.abc import Iterator

from ..kubernetes import Container, makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import each
from ..options import Options


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Containers that take secrets from their environment."""
    yield from each(pod_template(resource).containers, _container, unknown_finding)


def _container(container: Container) -> Iterator[Finding]:
    for variable in container.node.at("env").items:
        reference = variable.at("valueFrom", "secretKeyRef")
        if not reference.absent:
            yield Finding(
                what=f"reads the secret {variable.at('name').text} from its environment",
                path=reference.path,
                part=container.title,
            )
    for source in container.node.at("envFrom").items:
        reference = source.at("secretRef")
        if not reference.absent:
            yield Finding(what="takes a whole Secret as its environment", path=reference.path, part=container.title)


RULE = ResourceRule(
    name="secret-files",
    title="Secrets reach a process as files, not as environment variables",
    why="the environment is inherited by every task's subprocess, shows in crash reports, and never changes with a rotation",
    mend="mount the Secret and hand over the path: `..._FILE`, Airflow's `..._CMD`, or `passfile`",
    severity=Severity.MEDIUM,
    references=("CIS Kubernetes 5.4.1", "checkov CKV_K8S_35"),
    applies=makes_pods,
    check=check,
)
