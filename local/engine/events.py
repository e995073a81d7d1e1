"""What a run tells whoever watches it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Op(StrEnum):
    """What is done to a resource."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    REFRESH = "refresh"
    ADOPT = "adopt"
    FORGET = "forget"


SYMBOLS = {
    Op.SAME: " ",
    Op.CREATE: "+",
    Op.UPDATE: "~",
    Op.REPLACE: "+-",
    Op.DELETE: "-",
    Op.DELETE_REPLACED: "--",
    Op.READ: ">",
    Op.REFRESH: "~",
    Op.ADOPT: "=",
    Op.FORGET: "-",
}
"""The CLI's signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run.

    Attributes:
        parent: URN of the component it belongs to, or "".
        changed: property path -> (old, new), secrets still wrapped.
        replace: those paths that force a replacement.
        note: a remark, such as why it is adopted.
    """

    op: Op
    urn: str
    type: str
    name: str
    parent: str = ""
    custom: bool = True
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    replace: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What a policy has against a resource, or against the stack (then `urn` is empty).

    Attributes:
        level: advisory or mandatory.
        severity: low, medium, high, critical, or "".
    """

    policy: str
    pack: str
    level: str
    severity: str
    message: str
    urn: str

    @property
    def mandatory(self) -> bool:
        """Whether it stops the run."""
        return self.level != "advisory"


class Watcher(Protocol):
    """Whoever shows a run. Called from many threads, never twice at the same time for one step."""

    def started(self, step: Step) -> None:
        """A step begins."""
        ...

    def progress(self, urn: str, line: str) -> None:
        """The step of `urn` has something to say while it waits."""
        ...

    def finished(self, step: Step) -> None:
        """A step is done (or, in a preview, worked out)."""
        ...

    def failed(self, step: Step, message: str) -> None:
        """A step went wrong; with an empty message it was not begun, because the run is over."""
        ...

    def violated(self, violation: Violation) -> None:
        """A policy is broken."""
        ...

    def message(self, severity: str, text: str) -> None:
        """The program or the engine says something: info, warning or error."""
        ...
