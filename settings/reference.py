"""The configuration reference, written from the settings models themselves."""

from datetime import date, datetime
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.platform_settings import PlatformSettings
from settings.schema import is_mapping, model_in, walk

_HEAD = """# Configuration

Written from the settings models by `make docs`; `make lint` fails when it is out of date.

Every key stands below `airflow-platform:` in `Pulumi.<stack>.yaml`. A key that is not listed here is an error, and so
is a value outside its range; all errors are told at once, before anything is touched. `<name>` is a name of your own.

| Key | Type | Default | Meaning |
|---|---|---|---|
"""


def render() -> str:
    """The whole page as Markdown."""
    return _HEAD + "".join(_row(path, field) for path, field in walk(PlatformSettings))


def _row(path: tuple[str, ...], field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").split())
    cells = (f"`{'.'.join(path)}`", _type(field), _default(field), meaning + _choices(field.annotation))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _type(field: FieldInfo) -> str:
    annotation = field.annotation
    if is_mapping(annotation):
        return "map"
    if model_in(annotation):
        return "object"
    if get_origin(annotation) in (Literal, list):
        return "list" if get_origin(annotation) is list else "string"
    kinds = [_kind(kind) for kind in (get_args(annotation) or (annotation,)) if kind is not NoneType]
    return ", ".join([*dict.fromkeys(kinds), *_bounds(field)])


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "string"
    names: dict[Any, str] = {str: "string", int: "integer", bool: "boolean", Any: "any", date: "date", datetime: "time"}
    return names[annotation]


def _bounds(field: FieldInfo) -> list[str]:
    bounds = [(sign, getattr(rule, name, None)) for rule in field.metadata for sign, name in (("≥", "ge"), ("≤", "le"))]
    return [f"{sign} {value}" for sign, value in bounds if value is not None]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default if field.default is not PydanticUndefined else None
    if isinstance(default, BaseModel) or model_in(field.annotation) or is_mapping(field.annotation):
        return ""
    if default is None:
        return "none"
    return f"`{default.value if isinstance(default, Enum) else str(default).lower() if isinstance(default, bool) else default}`"


def _choices(annotation: Any) -> str:
    if NoneType in get_args(annotation):
        return "".join(_choices(one) for one in get_args(annotation))
    if get_origin(annotation) is Literal:
        return f" One of {', '.join(f'`{value}`' for value in get_args(annotation))}."
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return f" One of {', '.join(f'`{member.value}`' for member in annotation)}."
    return ""
