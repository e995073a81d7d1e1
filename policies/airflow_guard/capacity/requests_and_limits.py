"""Every container says what it needs and where its memory ends."""

from collections.abc import Iterator

from ..kubernetes import Container, makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import Node, each
from ..options import Options
from ..quantities import parse_quantity

_REQUIRED = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Containers without requests for cores and memory, or without a limit for memory."""
    yield from each(pod_template(resource).containers, _container, unknown_finding)


def _container(container: Container) -> Iterator[Finding]:
    resources = container.node.at("resources")
    for side, name in _REQUIRED:
        node = resources.at(side, name)
        amount = _amount(node)
        if amount is None or amount <= 0:
            shown = "none" if node.absent else repr(node.raw)
            yield Finding(
                what=f"has no usable {side.removesuffix('s')} for {name} ({shown})",
                path=node.path,
                part=container.title,
                mend=f"set resources.{side}.{name}",
            )
    for name in ("cpu", "memory"):
        yield from _order(resources, name, container.title)


def _order(resources: Node, name: str, part: str) -> Iterator[Finding]:
    request, limit = _amount(resources.at("requests", name)), _amount(resources.at("limits", name))
    if request is not None and limit is not None and request > limit:
        node = resources.at("requests", name)
        yield Finding(
            what=f"requests more {name} than its limit allows",
            path=node.path,
            part=part,
            mend="raise the limit or lower the request",
        )


def _amount(node: Node) -> float | None:
    number = node.number
    return number if number is not None else parse_quantity(node.text)


RULE = ResourceRule(
    name="requests-and-limits",
    title="Every container has requests for CPU and memory and a limit for memory",
    why="without requests the scheduler packs blindly, and without a memory limit one task takes its neighbours down",
    mend="set resources.requests.cpu, resources.requests.memory and resources.limits.memory; a CPU limit is not asked "
    "for, since it throttles the scheduler",
    severity=Severity.MEDIUM,
    references=("NSA/CISA Kubernetes Hardening Guide: resource policies", "checkov CKV_K8S_10-13"),
    applies=makes_pods,
    check=check,
)
