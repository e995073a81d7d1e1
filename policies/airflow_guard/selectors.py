"""Labels, and what selects them. Read once and asked often: a stack may hold thousands of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .node import Node


class Labels:
    """The labels of an object."""

    def __init__(self, node: Node) -> None:
        self._node = node
        raw = node.raw if isinstance(node.raw, dict) else {}
        self._plain = {key: value for key, value in raw.items() if isinstance(value, str)}
        self._whole = isinstance(node.raw, dict) and len(self._plain) == len(raw)

    def get(self, key: str) -> str | None:
        """The text of a label, `None` where it is missing. Raises NotKnownError where it is not known yet."""
        if self._whole:
            return self._plain.get(key)
        found = self._node.at(key)
        return None if found.absent else found.text


@dataclass(frozen=True)
class Selector:
    """A label selector.

    Attributes:
        node: as it stands, with `matchLabels` and `matchExpressions`.
    """

    node: Node

    @cached_property
    def _exact(self) -> list[tuple[str, str]]:
        return [(key, wanted.text) for key, wanted in self.node.at("matchLabels").entries]

    @cached_property
    def _expressions(self) -> Sequence[Node]:
        return self.node.at("matchExpressions").items

    def picks(self, labels: Labels) -> bool:
        """Whether it picks an object with these labels. An empty selector picks everything."""
        exact = all(labels.get(key) == wanted for key, wanted in self._exact)
        return exact and all(_holds(expression, labels) for expression in self._expressions)


def _holds(expression: Node, labels: Labels) -> bool:
    label = labels.get(expression.at("key").text)
    values = {item.text for item in expression.at("values").items}
    operator = expression.at("operator").text
    if operator == "Exists":
        return label is not None
    if operator == "DoesNotExist":
        return label is None
    among = label is not None and label in values
    return among if operator == "In" else not among
