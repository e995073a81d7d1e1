"""What would change between recorded and wanted inputs, and which of it needs a new object. Pure."""

from typing import Any

from local.engine.providers.base import Created, Diff, Properties
from local.engine.providers.kubernetes.config import ProviderConfig
from local.engine.providers.kubernetes.immutable import content_is_fixed, forces_replacement
from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.naming import AUTONAMED
from local.engine.providers.kubernetes.objects import (
    Obj,
    Path,
    annotation,
    changes,
    clean,
    dig,
    dig_map,
    dig_text,
    path_text,
)


def diff_inputs(kind: Kind, old: Created, old_inputs: Properties, news: Properties, config: ProviderConfig) -> Diff:
    """Compare recorded inputs with wanted, checked inputs.

    A field that the program now spells out with the value that the live object already has is a change, but
    never one that needs a new object.
    """
    recorded: Obj = clean(old_inputs)
    if not recorded:
        recorded = clean(dig_map(old.outputs, "__inputs"))
    wanted: Obj = clean(news)
    _align_identity(kind, old, recorded, wanted)
    fixed = content_is_fixed(
        kind,
        recorded,
        secrets_mutable=config.secrets_mutable,
        config_maps_mutable=config.config_maps_mutable,
    )
    changed: dict[str, tuple[Any, Any]] = {}
    replace: set[str] = set()
    for path, before, after in changes(recorded, wanted):
        text = path_text(path)
        changed[text] = (before, after)
        frozen = path == ("immutable",) and before is True
        if (
            frozen
            or _group_changes(path, before, after)
            or (
                forces_replacement(kind, path, content_is_fixed=fixed)
                and not _already_so(old.outputs, path, before, after)
            )
        ):
            replace.add(text)
    return Diff(
        changed=changed,
        replace=frozenset(replace),
        delete_before_replace=bool(replace) and _same_address(old, recorded, wanted),
    )


def _align_identity(kind: Kind, old: Created, recorded: Obj, wanted: Obj) -> None:
    for inputs in (recorded, wanted):
        inputs.setdefault("apiVersion", kind.api_version)
        inputs.setdefault("kind", kind.name)
    metadata = recorded.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        return
    # A name that the API server generated becomes part of the inputs once the program spells it out.
    if "name" not in metadata:
        metadata["name"] = dig_text(old.outputs, "metadata", "name") or old.id.rpartition("/")[2]
    if kind.seems_namespaced:
        for inputs in (recorded, wanted):
            place = inputs.get("metadata")
            if isinstance(place, dict) and not dig(inputs, "metadata", "namespace"):
                place["namespace"] = "default"


def _group_changes(path: Path, before: object, after: object) -> bool:
    if path != ("apiVersion",):
        return False
    return Kind(str(before), "").group != Kind(str(after), "").group


def _already_so(outputs: Properties, path: Path, before: object, after: object) -> bool:
    return before is None and after is not None and dig(outputs, *path) == after


def _same_address(old: Created, recorded: Obj, wanted: Obj) -> bool:
    """True when the new object would meet the old one: same kind, same namespace, same fixed name."""
    if annotation(wanted, AUTONAMED) == "true":
        return False
    old_name = dig_text(old.outputs, "metadata", "name") or dig_text(recorded, "metadata", "name")
    return (
        dig(wanted, "metadata", "name") == old_name
        and dig(wanted, "metadata", "namespace") == dig(recorded, "metadata", "namespace")
        and not _group_changes(("apiVersion",), recorded.get("apiVersion"), wanted.get("apiVersion"))
    )
