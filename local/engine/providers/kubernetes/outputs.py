"""What is recorded of an object: the live object, its inputs, its field manager; and inputs read back from it."""

import hashlib
import re
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from local.engine.providers.base import Created, Properties
from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.objects import Obj, dig_list, dig_text, underscored

FIELD_MANAGER = "__fieldManager"
INITIAL_API_VERSION = "__initialApiVersion"
INPUTS = "__inputs"
MANAGER_PREFIX = "pulumi-kubernetes-"

_QUANTITY = re.compile(r"(?P<number>[+-]?\d+(\.\d+)?)(?P<suffix>[numkMGTPE]|[KMGTPE]i)?")
_SCALE = {"n": "1e-9", "u": "1e-6", "m": "1e-3", "k": "1e3"} | {
    letter: f"1e{3 * power}" for power, letter in enumerate("MGTPE", start=2)
}


def field_manager(urn: str) -> str:
    """The name under which this resource owns fields.

    It follows from the URN, so that an object that a killed run left behind is recognised as the resource's own.
    """
    return MANAGER_PREFIX + hashlib.sha256(urn.encode()).hexdigest()[:8]


def applying_managers(live: Obj) -> list[str]:
    """Every name under which some Pulumi resource applied this object, the latest first."""
    entries = [
        (dig_text(entry, "time"), dig_text(entry, "manager"))
        for entry in dig_list(live, "metadata", "managedFields")
        if dig_text(entry, "operation") == "Apply"
        and dig_text(entry, "manager").startswith(MANAGER_PREFIX)
        and not dig_text(entry, "subresource")
    ]
    return [manager for _, manager in sorted(entries, reverse=True)]


def all_managers(live: Obj) -> list[str]:
    """Every manager of the object's fields, without doubles."""
    names = [dig_text(entry, "manager") for entry in dig_list(live, "metadata", "managedFields")]
    return sorted({name for name in names if name})


def recorded_manager(outputs: Properties, urn: str) -> str:
    """The manager that the state names, or the one that follows from the URN."""
    return dig_text(outputs, FIELD_MANAGER) or field_manager(urn)


def object_id(live: Obj) -> str:
    """`namespace/name`, or `name` for an object without a namespace."""
    namespace, name = dig_text(live, "metadata", "namespace"), dig_text(live, "metadata", "name")
    return f"{namespace}/{name}" if namespace else name


def record(live: Obj, inputs: Properties, manager: str, initial_api_version: str = "") -> Created:
    """An object as it goes into the state."""
    outputs = cast("Properties", underscored(live))
    outputs[INPUTS] = underscored(inputs)
    outputs[INITIAL_API_VERSION] = initial_api_version or dig_text(inputs, "apiVersion")
    outputs[FIELD_MANAGER] = manager
    return Created(id=object_id(live), outputs=outputs)


def live_inputs(kind: Kind, live: Obj, inputs: Properties) -> Properties:
    """The inputs as the live object has them: what equals in meaning keeps the program's spelling.

    Fields that the program never named are left out. Entries that others added to a list are included, except
    for bare pods, whose lists the API server itself extends.
    """
    extended = (kind.group, kind.name) != ("", "Pod")
    return cast("Properties", _prune(live, inputs, extended))


def _prune(live: object, wanted: object, extended: bool) -> Any:
    if isinstance(live, dict) and isinstance(wanted, dict):
        found, asked = cast("Obj", live), cast("Obj", wanted)
        pruned: Obj = {}
        for key, value in asked.items():
            if key in found:
                pruned[key] = _prune(found[key], value, extended)
            elif _is_empty(value):
                pruned[key] = value
        return pruned
    if isinstance(live, list) and isinstance(wanted, list):
        items, asked_items = cast("list[object]", live), cast("list[object]", wanted)
        result = [_prune(item, ask, extended) for item, ask in zip(items, asked_items, strict=False)]
        return result + items[len(asked_items) :] if extended else result
    return cast("object", wanted if same_meaning(cast("object", live), wanted) else live)


def _is_empty(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_empty(item) for item in cast("Obj", value).values())
    return value in (None, "", 0, False) or value == []


def same_meaning(left: object, right: object) -> bool:
    """Whether two scalars mean the same to the API server: `1000m` and `1`, `1Gi` and `1024Mi`, 5 and "5"."""
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return True
    first, second = _quantity(left), _quantity(right)
    return first is not None and first == second


def _quantity(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    suffix = match["suffix"] or ""
    try:
        if suffix.endswith("i"):
            return Decimal(match["number"]) * Decimal(1024) ** ("KMGTPE".index(suffix[0]) + 1)
        return Decimal(match["number"]) * Decimal(_SCALE.get(suffix, "1"))
    except InvalidOperation:  # pragma: no cover - the pattern admits numbers only
        return None
