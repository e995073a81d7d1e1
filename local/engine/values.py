"""Property values: how they look in Python, and how they travel over Pulumi's wire.

In the engine a property value is None, bool, int, float, str, list, dict, `UNKNOWN`, `Secret` or
`ResourceReference`. On the wire (protobuf `Struct`) the last three are marked by signatures.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from google.protobuf import struct_pb2

from local.engine.providers.base import UNKNOWN, Properties

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_SENTINEL: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The SDKs know other sentinels for unknown numbers, lists and so on; all mean the same.
UNKNOWN_SENTINELS: Final = frozenset(
    {
        UNKNOWN_SENTINEL,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

# The Kubernetes provider keeps a second copy of the inputs under this name.
_INPUTS_COPY: Final = "__inputs"
# What a double can hold without loss.
_LARGEST_EXACT_INTEGER: Final = 2**53


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is encrypted in the state and shown as `[secret]`."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """A resource passed as a value: its URN, and its id when it has one (UNKNOWN before it exists)."""

    urn: str
    id: Any = None


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Properties as they came over the wire: whole numbers become int, null fields count as unset."""
    return {key: from_value(value) for key, value in struct.fields.items() if value.WhichOneof("kind") != "null_value"}


def from_value(value: struct_pb2.Value) -> Any:
    """One value as it came over the wire."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return _from_wire_map(from_struct(value.struct_value))
        case "list_value":
            return [from_value(item) for item in value.list_value.values]
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_SENTINELS else value.string_value
        case "number_value":
            return _number(value.number_value)
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _number(number: float) -> int | float:
    whole = number.is_integer() and abs(number) <= _LARGEST_EXACT_INTEGER
    return int(number) if whole else number


def _from_wire_map(fields: Properties) -> Any:
    match fields.get(SIGNATURE_KEY):
        case signature if signature == SECRET_SIGNATURE:
            return _secret(fields.get("value"))
        case signature if signature == RESOURCE_SIGNATURE:
            return ResourceReference(urn=fields["urn"], id=fields.get("id"))
        case signature if signature == OUTPUT_SIGNATURE:
            value = fields.get("value", UNKNOWN)
            return _secret(value) if fields.get("secret") else value
        case _:
            return fields


def _secret(value: Any) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties for the wire."""
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in properties.items()})


def to_value(value: Any) -> struct_pb2.Value:
    """One value for the wire."""
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_SENTINEL)
    if isinstance(value, Secret):
        return _marked(SECRET_SIGNATURE, {"value": value.value})
    if isinstance(value, ResourceReference):
        identity = {} if value.id is None else {"id": value.id}
        return _marked(RESOURCE_SIGNATURE, {"urn": value.urn, **identity})
    if isinstance(value, dict):
        return struct_pb2.Value(struct_value=to_struct(cast("Properties", value)))
    if isinstance(value, list | tuple):
        items = [to_value(item) for item in cast("list[Any]", value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    return _scalar(value)


def _scalar(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=float(value))
        case str():
            return struct_pb2.Value(string_value=value)
        case _:
            msg = f"a property value of type {type(value).__name__} cannot be sent"
            raise TypeError(msg)


def _marked(signature: str, fields: Properties) -> struct_pb2.Value:
    return struct_pb2.Value(struct_value=to_struct({SIGNATURE_KEY: signature, **fields}))


def transform(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value` with `change` applied to every node, children first."""
    if isinstance(value, dict):
        fields = cast("Properties", value)
        return change({key: transform(item, change) for key, item in fields.items()})
    if isinstance(value, list):
        return change([transform(item, change) for item in cast("list[Any]", value)])
    if isinstance(value, Secret):
        return change(Secret(transform(value.value, change)))
    return change(value)


def unwrap(value: Any) -> Any:
    """`value` without secret wrappers, resource references replaced by their id (or URN): what a provider sees."""
    return transform(value, _unwrap_node)


def _unwrap_node(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, ResourceReference):
        return value.urn if value.id is None else value.id
    return value


def mask(value: Any) -> Any:
    """`value` fit for the eye: secrets become `[secret]`, unknowns `[unknown]`."""

    def change(node: Any) -> Any:
        if isinstance(node, Secret):
            return "[secret]"
        if node is UNKNOWN:
            return "[unknown]"
        return _unwrap_node(node)

    return transform(value, change)


def contains(value: Any, wanted: Callable[[Any], bool]) -> bool:
    """Whether any node of `value` is `wanted`."""
    if wanted(value):
        return True
    if isinstance(value, dict):
        return any(contains(item, wanted) for item in cast("Properties", value).values())
    if isinstance(value, list):
        return any(contains(item, wanted) for item in cast("list[Any]", value))
    return isinstance(value, Secret) and contains(value.value, wanted)


def contains_unknown(value: Any) -> bool:
    """Whether something in `value` is only known once another resource exists."""
    return contains(value, lambda node: node is UNKNOWN)


def contains_secret(value: Any) -> bool:
    """Whether something in `value` is a secret."""
    return contains(value, lambda node: isinstance(node, Secret))


def annotate_secrets(plain: Any, pattern: Any) -> Any:
    """`plain` with a secret wrapper wherever `pattern` has one at the same place."""
    if isinstance(plain, Secret):
        return plain
    if isinstance(pattern, Secret):
        return Secret(plain)
    if isinstance(plain, dict) and isinstance(pattern, dict):
        fields, marks = cast("Properties", plain), cast("Properties", pattern)
        return {key: annotate_secrets(item, marks.get(key)) for key, item in fields.items()}
    if isinstance(plain, list) and isinstance(pattern, list):
        items, mark_items = cast("list[Any]", plain), cast("list[Any]", pattern)
        if len(items) != len(mark_items):
            # The places can no longer be matched; better too much hidden than too little.
            return Secret(items) if contains_secret(mark_items) else items
        return [annotate_secrets(item, mark) for item, mark in zip(items, mark_items, strict=True)]
    return plain


def hide_properties(properties: Properties, names: frozenset[str]) -> Properties:
    """`properties` with the top-level `names` wrapped as secrets."""
    return {
        key: Secret(value) if key in names and value is not None and not isinstance(value, Secret) else value
        for key, value in properties.items()
    }


def mark_outputs(plain: Properties, *, inputs: Properties, before: Properties, hidden: frozenset[str]) -> Properties:
    """Outputs with everything secret wrapped.

    Args:
        plain: as the provider gave them.
        inputs: what is secret there is secret at the same place here.
        before: the former outputs, likewise.
        hidden: top-level names that are secret whatever they hold.
    """
    outputs = cast("Properties", annotate_secrets(annotate_secrets(plain, before), inputs))
    copy = outputs.get(_INPUTS_COPY)
    if isinstance(copy, dict):
        marked = cast("Properties", annotate_secrets(copy, inputs))
        outputs = {**outputs, _INPUTS_COPY: hide_properties(marked, hidden)}
    return hide_properties(outputs, hidden)
