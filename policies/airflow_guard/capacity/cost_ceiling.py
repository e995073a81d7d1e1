"""What the stack reserves stays below a ceiling."""

from collections.abc import Iterator

from ..kubernetes import Container, PodTemplate, pod_template
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..node import NotKnownError
from ..options import Option, OptionKind, Options
from ..quantities import parse_quantity

_CORES = "cores"
_MEMORY = "memoryGiB"
_GIB = 2.0**30


def check(stack: Stack, options: Options) -> Iterator[Finding]:
    """Ceilings that the sum of all requests exceeds, replicas counted."""
    workloads = stack.of_kind("Deployment", "StatefulSet")
    yield from each_resource(workloads, _readable)
    for option, name, unit in ((_CORES, "cpu", 1.0), (_MEMORY, "memory", _GIB)):
        ceiling = options.integer(option)
        total = sum(_requested(item, name) for item in workloads) / unit
        if ceiling and total > ceiling:
            yield Finding(what=f"reserves {total:.1f} {option}, the ceiling is {ceiling}")


def _readable(workload: Resource) -> Iterator[Finding]:
    """Nothing, or the unknown value that keeps the sum from being known."""
    for name in ("cpu", "memory"):
        _sum(workload, name)
    yield from ()


def _requested(workload: Resource, name: str) -> float:
    try:
        return _sum(workload, name)
    except NotKnownError:
        return 0.0


def _sum(workload: Resource, name: str) -> float:
    replicas = workload.props.at("spec", "replicas")
    count = 1 if replicas.absent else replicas.number or 0
    return count * _pod(pod_template(workload), name)


def _pod(pod: PodTemplate, name: str) -> float:
    """What a pod reserves: its long-running containers together."""
    return sum(_request(container, name) for container in pod.long_running)


def _request(container: Container, name: str) -> float:
    node = container.node.at("resources", "requests", name)
    number = node.number
    return number if number is not None else parse_quantity(node.text) or 0.0


RULE = StackRule(
    name="cost-ceiling",
    title="What the stack reserves stays below its ceiling",
    why="requests are what a cluster is billed for, and a slip of one digit multiplies them",
    mend="lower requests or replicas, or raise the ceiling in the pack's configuration and say why in the review",
    severity=Severity.LOW,
    references=("FinOps: budgets",),
    options=(
        Option(
            name=_CORES,
            kind=OptionKind.INTEGER,
            default=0,
            description="Most cores that all replicas together may request; 0 means no ceiling.",
        ),
        Option(
            name=_MEMORY,
            kind=OptionKind.INTEGER,
            default=0,
            description="Most GiB of memory that all replicas together may request; 0 means no ceiling.",
        ),
    ),
    check=check,
)
