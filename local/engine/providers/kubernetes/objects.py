"""Looking into, cleaning and comparing Kubernetes objects as plain values. Pure."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, cast

from local.engine.providers.base import UNKNOWN

Obj = dict[str, Any]
Path = tuple[str | int, ...]

# The SDK spells these keys of a CRD with underscores, the API server with dashes.
_UNDERSCORED = {
    name.replace("-", "_"): name
    for name in (
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    )
}
_DASHED = {dashed: underscored for underscored, dashed in _UNDERSCORED.items()}
READ_ONLY_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)


def dig(obj: object, *path: str | int) -> Any:
    """The value at a path, or None when any step of it is missing or of another shape."""
    here: object = obj
    for step in path:
        if isinstance(here, Mapping):
            here = cast("Mapping[object, object]", here).get(step)
        elif isinstance(here, list) and isinstance(step, int):
            items = cast("list[object]", here)
            here = items[step] if step < len(items) else None
        else:
            return None
    return here


def dig_text(obj: object, *path: str | int) -> str:
    """The text at a path, or the empty text."""
    value = dig(obj, *path)
    return value if isinstance(value, str) else ""


def dig_int(obj: object, *path: str | int, default: int = 0) -> int:
    """The whole number at a path, or the default."""
    value = dig(obj, *path)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def dig_map(obj: object, *path: str | int) -> Obj:
    """The mapping at a path, or an empty one."""
    value = dig(obj, *path)
    return cast("Obj", value) if isinstance(value, dict) else {}


def dig_list(obj: object, *path: str | int) -> list[Any]:
    """The list at a path, or an empty one."""
    value = dig(obj, *path)
    return cast("list[Any]", value) if isinstance(value, list) else []


def condition(obj: Obj, kind: str) -> Obj:
    """The entry of `status.conditions` of that type, or an empty mapping."""
    for entry in dig_list(obj, "status", "conditions"):
        if dig(entry, "type") == kind:
            return cast("Obj", entry)
    return {}


def is_true(obj: Obj, kind: str) -> bool:
    """True when that condition stands at True."""
    return condition(obj, kind).get("status") == "True"


def annotation(obj: Obj, key: str) -> str:
    """The annotation's value, or the empty text."""
    return dig_text(obj, "metadata", "annotations", key)


def has_unknown(value: object) -> bool:
    """True when any part of the value is not known yet."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in cast("Mapping[str, object]", value).values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in cast("list[object]", value))
    return False


def clean(value: object) -> Any:
    """A deep copy without nulls in mappings, with whole doubles as integers and dashed schema keys."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {_UNDERSCORED.get(key, key): clean(item) for key, item in items if item is not None}
    if isinstance(value, list):
        return [clean(item) for item in cast("list[object]", value)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def underscored(value: object) -> Any:
    """A deep copy with the schema keys of a CRD as the SDK spells them."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {_DASHED.get(key, key): underscored(item) for key, item in items}
    if isinstance(value, list):
        return [underscored(item) for item in cast("list[object]", value)]
    return value


def changes(old: object, new: object, at: Path = ()) -> Generator[tuple[Path, object, object]]:
    """Every path at which two values differ, with both sides; None stands for absent.

    Mappings are compared by key, lists by index. Numbers are equal by value whatever their type.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        left, right = cast("Mapping[str, object]", old), cast("Mapping[str, object]", new)
        for key in sorted({*left, *right}):
            yield from changes(left.get(key), right.get(key), (*at, key))
    elif isinstance(old, list) and isinstance(new, list):
        before, after = cast("list[object]", old), cast("list[object]", new)
        for index in range(max(len(before), len(after))):
            yield from changes(_at(before, index), _at(after, index), (*at, index))
    elif not _same_scalar(cast("object", old), new):
        yield at, old, new


def _at(items: Sequence[object], index: int) -> object:
    return items[index] if index < len(items) else None


def _same_scalar(old: object, new: object) -> bool:
    if isinstance(old, bool) != isinstance(new, bool):
        return False
    return old == new


def path_text(path: Path) -> str:
    """A path as Pulumi writes it: `spec.containers[0].image`, `metadata.annotations["a.b/c"]`."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif step and all(letter.isalnum() or letter in "_$" for letter in step):
            parts.append(f".{step}" if parts else step)
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'["{escaped}"]')
    return "".join(parts)
