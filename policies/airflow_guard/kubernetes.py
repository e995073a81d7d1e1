"""Where pods and containers stand in the objects that make them."""

from collections.abc import Mapping
from dataclasses import dataclass

from .model import Resource, of_kinds
from .node import Node

_TEMPLATE = ("spec", "template")
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
SHARED_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Namespaces of the cluster itself, in which nothing of a platform belongs."""
CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")

makes_pods = of_kinds(*_TEMPLATES)


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """The pod that an object makes.

    Attributes:
        metadata: its labels and annotations.
        spec: the rest.
    """

    metadata: Node
    spec: Node

    @property
    def containers(self) -> list["Container"]:
        """Containers, init containers and ephemeral containers."""
        return [
            Container(node, kind == "initContainers") for kind in CONTAINER_LISTS for node in self.spec.at(kind).items
        ]

    @property
    def long_running(self) -> list["Container"]:
        """Containers that run as long as the pod, sidecars among them."""
        return [item for item in self.containers if not item.init or item.sidecar]


@dataclass(frozen=True, slots=True)
class Container:
    """A container of any sort.

    Attributes:
        node: its definition.
        init: it is listed among the init containers.
    """

    node: Node
    init: bool

    @property
    def title(self) -> str:
        """How messages call it."""
        name = self.node.raw.get("name") if isinstance(self.node.raw, dict) else None
        return f"{'init container' if self.init else 'container'} {name if isinstance(name, str) else '?'}"

    @property
    def sidecar(self) -> bool:
        """An init container that keeps running."""
        return self.init and self.node.at("restartPolicy").text == "Always"

    @property
    def words(self) -> list[Node]:
        """Command and arguments."""
        return [*self.node.at("command").items, *self.node.at("args").items]


def pod_template(resource: Resource) -> PodTemplate:
    """The pod template of an object for which `makes_pods` is true."""
    root = resource.props.at(*_TEMPLATES[resource.kind])
    return PodTemplate(root.at("metadata"), root.at("spec"))
