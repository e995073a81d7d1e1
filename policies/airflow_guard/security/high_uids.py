"""Containers run as a user that no one on the node is."""

from collections.abc import Iterator
from functools import partial

from ..kubernetes import Container, PodTemplate, makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import each
from ..options import Option, OptionKind, Options

_LOWEST = "lowest"


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Containers whose user is not given by number, or is a low one."""
    pod = pod_template(resource)
    yield from each(pod.containers, partial(_container, pod, options.integer(_LOWEST)), unknown_finding)


def _container(pod: PodTemplate, lowest: int, container: Container) -> Iterator[Finding]:
    own = container.node.at("securityContext", "runAsUser")
    user = pod.spec.at("securityContext", "runAsUser") if own.absent else own
    if user.number is None:
        yield Finding(what="does not say which user it runs as", path=user.path, part=container.title)
    elif 0 < user.number < lowest:
        yield Finding(
            what=f"runs as user {user.number:.0f}, who may exist on the node", path=user.path, part=container.title
        )


RULE = ResourceRule(
    name="high-uids",
    title="Containers run as a user by number, and a high one",
    why="a process that leaves its container must not meet files of a user with the same number on the node",
    mend="build the image with its own user of 10000 or more and set runAsUser to it",
    severity=Severity.LOW,
    references=("checkov CKV_K8S_40", "NSA/CISA Kubernetes Hardening Guide: non-root containers"),
    options=(
        Option(
            name=_LOWEST,
            kind=OptionKind.INTEGER,
            default=10000,
            description="Lowest user number that is fine. User 0 is the business of restricted-pods.",
        ),
    ),
    applies=makes_pods,
    check=check,
)
