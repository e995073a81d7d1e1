"""From the wire to values: unknowns, secrets and output values as the Pulumi engine sends them."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from google.protobuf import json_format, struct_pb2

from .node import UNKNOWN, SecretText, Unknown, Value

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker of the protocol, not a secret
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWNS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # text, or anything from an SDK
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # map
    }
)


def decode_properties(properties: struct_pb2.Struct) -> dict[str, Value]:
    """Properties without the engine's own keys (`__...`)."""
    message: Mapping[str, Any] = json_format.MessageToDict(properties)
    return {key: decode(value) for key, value in message.items() if not key.startswith("__")}


def decode(value: Any) -> Value:
    """One value in the protocol's JSON form.

    A text marked as secret becomes `SecretText`. A map or list marked as secret as a whole says nothing of its
    parts, since one secret part is enough for an engine to mark it; its parts are taken as plain.
    """
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWNS else value
    if isinstance(value, Mapping):
        return _decode_map(cast("Mapping[str, Any]", value))
    if isinstance(value, Sequence):
        return [decode(element) for element in cast("Sequence[Any]", value)]
    return value


def _decode_map(entries: Mapping[str, Any]) -> Value:
    signature = entries.get(_SIGNATURE)
    if signature == _SECRET:
        return _as_secret(decode(entries.get("value")))
    if signature == _OUTPUT:
        inner: Value | Unknown = decode(entries["value"]) if "value" in entries else UNKNOWN
        return _as_secret(inner) if entries.get("secret") else inner
    return {key: decode(value) for key, value in entries.items()}


def _as_secret(value: Value) -> Value:
    return SecretText(value) if isinstance(value, str) else value
