"""Options of a rule: what the pack's configuration may set, checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias, cast

OptionValue: TypeAlias = "int | list[str] | dict[str, int] | list[dict[str, str]]"


class OptionKind(Enum):
    """Shape of an option's value, and how messages call it."""

    INTEGER = "a whole number"
    TEXTS = "a list of texts"
    INTEGERS = "a map of whole numbers"
    RECORDS = "a list of maps of texts"


_SCHEMAS: Mapping[OptionKind, dict[str, Any]] = {
    OptionKind.INTEGER: {"type": "integer"},
    OptionKind.TEXTS: {"type": "array", "items": {"type": "string"}},
    OptionKind.INTEGERS: {"type": "object", "additionalProperties": {"type": "integer"}},
    OptionKind.RECORDS: {
        "type": "array",
        "items": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a rule.

    Attributes:
        name: key in the rule's configuration.
        kind: shape of its value.
        default: value where the configuration is silent.
        description: what it does.
    """

    name: str
    kind: OptionKind
    default: OptionValue
    description: str

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema, as the Pulumi CLI checks it."""
        return {**_SCHEMAS[self.kind], "default": self.default, "description": self.description}

    def parse(self, value: Any) -> OptionValue:
        """The value in its own type; whole numbers may arrive as floats.

        Raises:
            ValueError: it has another shape.
        """
        if self.kind is OptionKind.INTEGER:
            return _integer(value)
        if self.kind is OptionKind.TEXTS:
            return [_text(item) for item in _list(value)]
        if self.kind is OptionKind.INTEGERS:
            return {key: _integer(item) for key, item in _map(value).items()}
        return [{key: _text(text) for key, text in _map(item).items()} for item in _list(value)]


@dataclass(frozen=True)
class Options:
    """The values of a rule's options."""

    values: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self.values[name]
        return value if isinstance(value, int) else 0

    def texts(self, name: str) -> list[str]:
        """A list of texts."""
        value = self.values[name]
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def integers(self, name: str) -> dict[str, int]:
        """A map of whole numbers."""
        value = self.values[name]
        return value if isinstance(value, dict) else {}

    def records(self, name: str) -> list[dict[str, str]]:
        """A list of maps."""
        value = self.values[name]
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def defaults(options: tuple[Option, ...]) -> Options:
    """Every option at its default."""
    return Options({option.name: option.default for option in options})


RELAXED = Option(
    name="relaxedEnvironments",
    kind=OptionKind.TEXTS,
    default=["dev"],
    description="Environments, by the label airflow-platform/environment or else the stack's name, where the rule is silent.",
)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError(value)
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004 - one kind of error for every wrong shape
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(value)  # noqa: TRY004
    return cast("list[Any]", value)


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(value)  # noqa: TRY004
    return cast("dict[str, Any]", value)
