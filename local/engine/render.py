"""Writes what a stack would apply to a cluster as YAML, one file per object. Needs no cluster."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import yaml

from local.engine import urn as urns
from local.engine.errors import BadInputError
from local.engine.providers.base import Properties
from local.engine.recording import Recorded, Recording, record
from local.engine.values import Secret, transform, unwrap

CLUSTER_FOLDER: Final = "_cluster"
"""Where objects without a namespace go."""

_HIDDEN: Final = "[secret]"
_FIRST: Final = ("apiVersion", "kind", "metadata")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are written as they read."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Lists are indented below their key."""
        return super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and not any(line.endswith((" ", "\t")) for line in text.split("\n")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # pyright: ignore[reportUnknownMemberType]


_Dumper.add_representer(str, _text)


def render(stack: str, target: Path, *, project_dir: Path | None = None) -> list[Path]:
    """Write the objects of a stack below `target` as `<namespace>/<kind>-<name>.yaml`, secrets masked.

    YAML files of an earlier render that are no longer among them are removed.

    Returns:
        The files, sorted.

    Raises:
        BadInputError: the stack or its configuration is wrong, or two objects have one name.
        EngineError: the program failed.
    """
    return write(record(stack, project_dir=project_dir), target)


def write(recording: Recording, target: Path) -> list[Path]:
    """As `render`, of a program that was recorded already."""
    objects: dict[Path, str] = {}
    for resource in recording.resources:
        if resource.package != "kubernetes" or urns.provider_package(resource.type) is not None:
            continue
        path = target / file_of(resource)
        if path in objects:
            msg = f"two objects would be written to {path.relative_to(target)}; give one of them another name"
            raise BadInputError(msg)
        objects[path] = to_yaml(resource)
    for stale in set(target.rglob("*.yaml")) - objects.keys():
        stale.unlink()
    for path, text in objects.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sorted(objects)


def file_of(resource: Recorded) -> Path:
    """Where an object goes, relative to the folder of its stack."""
    body = cast("Properties", unwrap(resource.outputs))
    metadata = cast("Properties", body.get("metadata") or {})
    kind = str(body.get("kind") or resource.type.rsplit(":", 1)[-1]).lower()
    name = _UNSAFE.sub("_", f"{kind}-{metadata.get('name') or resource.name}")
    return Path(str(metadata.get("namespace") or CLUSTER_FOLDER)) / f"{name}.yaml"


def to_yaml(resource: Recorded) -> str:
    """The object as the program described it, under the name it would get."""
    body = {**resource.inputs, "metadata": resource.outputs.get("metadata")}
    masked = cast("Properties", transform(body, _masked))
    ordered = {key: masked[key] for key in _FIRST if key in masked}
    ordered |= {key: masked[key] for key in sorted(masked.keys() - ordered.keys())}
    return yaml.dump(
        {key: _sorted(value) for key, value in ordered.items()}, Dumper=_Dumper, sort_keys=False, width=120
    )


def _masked(node: Any) -> Any:
    """Within a secret the names stay and the values go."""
    if not isinstance(node, Secret):
        return unwrap(node)
    return transform(node.value, _hidden)


def _hidden(node: Any) -> Any:
    return cast("Any", node) if isinstance(node, dict | list) else _HIDDEN


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {key: _sorted(fields[key]) for key in sorted(fields)}
    if isinstance(value, list):
        return [_sorted(item) for item in cast("list[Any]", value)]
    return value
