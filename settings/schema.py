"""Questions about the shape of the settings: which keys there are, what a key means."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def key_of(name: str, field: FieldInfo) -> str:
    """A field's key in the stack file."""
    return field.alias or name


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The settings model that a field holds, also as `X | None` or as the value of a mapping."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    for argument in get_args(annotation):
        if model := model_in(argument):
            return model
    return None


def is_mapping(annotation: Any) -> bool:
    """True for `dict[...]`: its keys are names of the user's own."""
    return get_origin(annotation) is dict


def field_at(model: type[BaseModel], path: Sequence[str | int]) -> FieldInfo | None:
    """The field that a key path leads to, or None when it leads nowhere."""
    field: FieldInfo | None = None
    current: type[BaseModel] | None = model
    parts = [str(part) for part in path]
    while parts:
        if current is None:
            return field
        found = {key_of(name, info): info for name, info in current.model_fields.items()}.get(parts.pop(0))
        if found is None:
            return None
        field, current = found, model_in(found.annotation)
        if is_mapping(found.annotation) and parts:
            parts.pop(0)
    return field


def keys_below(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that may stand below a key path."""
    if not path:
        return [key_of(name, info) for name, info in model.model_fields.items()]
    field = field_at(model, path)
    inner = model_in(field.annotation) if field else None
    return [key_of(name, info) for name, info in inner.model_fields.items()] if inner else []


def walk(model: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every field in order with its key path; names of the user's own stand as `<name>`."""
    for name, field in model.model_fields.items():
        path = (*prefix, key_of(name, field))
        yield path, field
        inner = model_in(field.annotation)
        if inner:
            yield from walk(inner, (*path, "<name>") if is_mapping(field.annotation) else path)
