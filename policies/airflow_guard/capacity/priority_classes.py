"""When room runs out, the cluster knows what matters more."""

from collections.abc import Iterator

from ..kubernetes import makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity
from ..options import RELAXED, Options


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Pods without a priority class."""
    if resource.environment in options.texts(RELAXED.name):
        return
    name = pod_template(resource).spec.at("priorityClassName")
    if not name.text:
        yield Finding(what="has no priority", path=name.path)


RULE = ResourceRule(
    name="priority-classes",
    title="Pods have a priority class",
    why="when a node is full, a worker must give way to the database, not the other way round",
    mend="set priorityClassName",
    severity=Severity.LOW,
    references=("Kubernetes: pod priority and preemption", "polaris: priorityClassNotSet"),
    options=(RELAXED,),
    applies=makes_pods,
    check=check,
)
