"""Scratch space has an end."""

from collections.abc import Iterator

from ..kubernetes import makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import Node, each
from ..options import Options


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Scratch volumes without a size limit."""
    yield from each(pod_template(resource).spec.at("volumes").items, _volume, unknown_finding)


def _volume(volume: Node) -> Iterator[Finding]:
    scratch = volume.at("emptyDir")
    size = scratch.at("sizeLimit")
    if not scratch.absent and not size.text and size.number is None:
        yield Finding(what=f"the scratch volume {volume.at('name').text} has no end", path=size.path)


RULE = ResourceRule(
    name="scratch-limits",
    title="Scratch volumes have a size limit",
    why="a task that fills an emptyDir fills the node's disk, and the kubelet evicts its neighbours",
    mend="set emptyDir.sizeLimit",
    severity=Severity.LOW,
    references=("Kubernetes: local ephemeral storage", "CWE-400"),
    applies=makes_pods,
    check=check,
)
