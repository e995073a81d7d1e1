"""How many pods a workload keeps at least: as it says itself, or as its autoscaler does."""

from collections.abc import Iterable
from dataclasses import dataclass

from .model import Resource, Stack
from .node import Node

_MINIMA = {"HorizontalPodAutoscaler": ("minReplicas", 1), "ScaledObject": ("minReplicaCount", 0)}
"""Where each kind says it, and what Kubernetes and KEDA take where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The fewest pods of a workload.

    Attributes:
        count: how many.
        node: where it is said, absent where nothing is.
        resource: that says it.
    """

    count: float
    node: Node
    resource: Resource


def autoscalers(stack: Stack) -> list[Resource]:
    """Everything that decides how many pods another has."""
    return stack.of_kind(*_MINIMA)


def floor_of(workload: Resource, scalers: Iterable[Resource]) -> Floor:
    """The fewest pods that a workload may have.

    Raises:
        NotKnownError: a preview cannot know the number.
    """
    scaler = next((item for item in scalers if _targets(item, workload)), None)
    resource = scaler or workload
    key, silent = _MINIMA[scaler.kind] if scaler else ("replicas", 1)
    node = resource.props.at("spec", key)
    return Floor(count=silent if node.absent else node.number or 0, node=node, resource=resource)


def _targets(scaler: Resource, workload: Resource) -> bool:
    target = scaler.props.at("spec", "scaleTargetRef")
    kind = target.at("kind").text or "Deployment"
    same = target.at("name").text == workload.props.at("metadata", "name").text
    return same and kind == workload.kind and scaler.namespace == workload.namespace
