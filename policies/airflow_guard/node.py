"""A read-only view of a resource's properties that knows where it stands and what is not known yet."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

_PLAIN_KEY = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*$")


class Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
"""A value that a preview cannot know, because a resource has to be created first."""


class SecretText(str):
    """A text that the program marked as secret."""

    __slots__ = ()


Value: TypeAlias = "bool | int | float | str | Unknown | list[Value] | dict[str, Value] | None"


class NotKnownError(Exception):
    """A rule read a value that is not known yet.

    Attributes:
        path: of the value.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not known yet")
        self.path = path


@dataclass(frozen=True, slots=True)
class Node:
    """One value within the properties.

    Every reading method raises `NotKnownError` where the value, or a list or map on the way to it, is unknown.
    A missing value reads as empty: absence is never an error, it is for the rule to judge.

    Attributes:
        raw: the value itself, `None` where nothing stands.
        path: such as `spec.template.spec.containers[0].image`.
    """

    raw: Value
    path: str = ""

    def at(self, *keys: str) -> "Node":
        """The value below the keys, one level per key."""
        node = self
        for key in keys:
            known = node._known()
            found = known.get(key) if isinstance(known, dict) else None
            node = Node(found, _join(node.path, key))
        return node

    @property
    def absent(self) -> bool:
        """Nothing stands here. An unknown value is not absent."""
        return self.raw is None

    @property
    def secret(self) -> bool:
        """The program marked this text as secret."""
        return isinstance(self.raw, SecretText)

    @property
    def text(self) -> str:
        """The text, or `""` for anything else."""
        known = self._known()
        return known if isinstance(known, str) else ""

    @property
    def number(self) -> float | None:
        """The number, or `None` for anything else."""
        known = self._known()
        return float(known) if isinstance(known, (int, float)) and not isinstance(known, bool) else None

    @property
    def true(self) -> bool:
        """It is the boolean true."""
        return self._known() is True

    @property
    def false(self) -> bool:
        """It is the boolean false; absence is not."""
        return self._known() is False

    @property
    def items(self) -> list["Node"]:
        """The elements of a list."""
        known = self._known()
        elements = known if isinstance(known, list) else []
        return [Node(value, f"{self.path}[{index}]") for index, value in enumerate(elements)]

    @property
    def entries(self) -> list[tuple[str, "Node"]]:
        """The keys and values of a map."""
        known = self._known()
        pairs = known.items() if isinstance(known, dict) else ()
        return [(key, Node(value, _join(self.path, key))) for key, value in pairs]

    @property
    def empty(self) -> bool:
        """Absent, or a list or map without elements."""
        return self._known() in (None, [], {})

    def leaves(self) -> Iterator["Node"]:
        """Every scalar and every unknown at or below this node; never raises."""
        if isinstance(self.raw, dict):
            for _, child in self.entries:
                yield from child.leaves()
        elif isinstance(self.raw, list):
            for child in self.items:
                yield from child.leaves()
        elif self.raw is not None:
            yield self

    def _known(self) -> Value:
        if isinstance(self.raw, Unknown):
            raise NotKnownError(self.path)
        return self.raw


def _join(path: str, key: str) -> str:
    if not _PLAIN_KEY.match(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


Item = TypeVar("Item")
Found = TypeVar("Found")


def each(
    items: Iterable[Item], check: Callable[[Item], Iterable[Found]], unknown: Callable[[str], Found]
) -> Iterator[Found]:
    """What `check` finds in each item; an unknown value ends only its own item.

    Args:
        items: what to look at.
        check: looks at one.
        unknown: makes a finding from the path of an unknown value.
    """
    for item in items:
        try:
            yield from check(item)
        except NotKnownError as error:
            yield unknown(error.path)
