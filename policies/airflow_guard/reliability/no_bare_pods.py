"""Every pod has something that makes it again."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds
from ..options import Options


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Pods and replica sets of their own."""
    yield Finding(what=f"is a {resource.kind} of its own")


RULE = ResourceRule(
    name="no-bare-pods",
    title="Every pod has something that makes it again",
    why="a bare pod is gone with its node, and a bare ReplicaSet cannot be updated without an outage",
    mend="make it a Deployment, a StatefulSet or a Job",
    severity=Severity.MEDIUM,
    references=("Kubernetes: configuration best practices", "Pulumi compliance policies: no bare pods"),
    applies=of_kinds("Pod", "ReplicaSet", "ReplicationController"),
    check=check,
)
