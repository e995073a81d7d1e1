"""Inputs of an object, normalised and completed the way the Pulumi provider does it, so that states can be exchanged.

No label `app.kubernetes.io/managed-by` is added: under server-side apply the provider adds none either (it keeps
one that an older state carries).
"""

import base64
import binascii
from typing import cast

from local.engine.providers.base import UNKNOWN, Properties, ProviderError
from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.naming import AUTONAMED, autoname, name_problem, namespace_problem
from local.engine.providers.kubernetes.objects import (
    READ_ONLY_METADATA,
    Obj,
    annotation,
    clean,
    dig,
    dig_text,
)

_MANAGED_BY = "app.kubernetes.io/managed-by"


def check_inputs(
    kind: Kind, logical: str, olds: Properties | None, news: Properties, default_namespace: str
) -> Properties:
    """Complete the wanted inputs of one object.

    Args:
        kind: from the resource's type.
        logical: the resource's logical name, from which a name is generated.
        olds: recorded inputs, whose generated name is kept; None for a new object.
        news: what the program asks for; may hold unknown values.
        default_namespace: for a namespaced object that names none.

    Raises:
        ProviderError: one message with everything that is wrong with the inputs.
    """
    inputs: Obj = clean(news)
    problems: list[str] = []
    _set_identity(kind, inputs, problems)
    metadata = inputs.setdefault("metadata", {})
    if isinstance(metadata, dict):
        for key in READ_ONLY_METADATA:
            cast("Obj", metadata).pop(key, None)
        _set_name(logical, olds, inputs, problems)
        _set_namespace(kind, inputs, default_namespace)
        _check_names(kind, inputs, problems)
    elif metadata is not UNKNOWN:
        problems.append(f"metadata: expected a mapping, got {metadata!r}")
    if kind == Kind("v1", "Secret"):
        _fold_string_data(inputs, problems)
    inputs.pop("status", None)
    if problems:
        raise ProviderError(f"{kind.name} {logical!r}: " + "; ".join(problems))
    return inputs


def _set_identity(kind: Kind, inputs: Obj, problems: list[str]) -> None:
    inputs.setdefault("apiVersion", kind.api_version)
    if inputs.setdefault("kind", kind.name) != kind.name:
        problems.append(
            f"kind: the resource's type says {kind.name}, its inputs say {inputs['kind']}; leave `kind` out"
        )
    given = inputs["apiVersion"]
    if not isinstance(given, str) or Kind(given, kind.name).group != kind.group:
        problems.append(
            f"apiVersion: the resource's type says {kind.api_version}, its inputs say {given}; leave `apiVersion` out"
        )


def _set_name(logical: str, olds: Properties | None, inputs: Obj, problems: list[str]) -> None:
    metadata = cast("Obj", inputs["metadata"])
    if metadata.get("generateName"):
        problems.append(
            "metadata.generateName: not possible with server-side apply; leave it out "
            "(a name is generated from the logical name) or set metadata.name"
        )
    if olds and dig_text(olds, "metadata", "labels", _MANAGED_BY) == "pulumi":
        labels = metadata.setdefault("labels", {})
        if isinstance(labels, dict):
            cast("Obj", labels).setdefault(_MANAGED_BY, "pulumi")
    if metadata.get("name"):
        return
    kept = dig_text(olds, "metadata", "name") if olds and annotation(olds, AUTONAMED) == "true" else ""
    metadata["name"] = kept or autoname(logical)
    annotations = metadata.setdefault("annotations", {})
    if isinstance(annotations, dict):
        annotations[AUTONAMED] = "true"


def _set_namespace(kind: Kind, inputs: Obj, default_namespace: str) -> None:
    metadata = cast("Obj", inputs["metadata"])
    if kind.seems_namespaced and not metadata.get("namespace"):
        metadata["namespace"] = default_namespace


def _check_names(kind: Kind, inputs: Obj, problems: list[str]) -> None:
    name = dig(inputs, "metadata", "name")
    if name is not UNKNOWN:
        problem = name_problem(kind, name) if isinstance(name, str) else "must be text"
        if problem:
            generated = annotation(inputs, AUTONAMED) == "true"
            way_out = " (generated from the logical name; set metadata.name)" if generated else ""
            problems.append(f"metadata.name {name!r} {problem}{way_out}")
    namespace = dig(inputs, "metadata", "namespace")
    if namespace is not None and namespace is not UNKNOWN:
        problem = namespace_problem(namespace) if isinstance(namespace, str) else "must be text"
        if problem:
            problems.append(f"metadata.namespace {namespace!r} {problem}")


def _fold_string_data(inputs: Obj, problems: list[str]) -> None:
    folded = inputs.pop("stringData", None)
    data = inputs.get("data")
    if folded is UNKNOWN or data is UNKNOWN:
        inputs["data"] = UNKNOWN
        return
    if isinstance(data, dict):
        _normalise_base64(cast("Obj", data), problems)
    if not folded:
        return
    merged: Obj = dict(cast("Obj", data or {}))
    for key, value in cast("Obj", folded).items():
        if value is UNKNOWN:
            merged[key] = UNKNOWN
        elif isinstance(value, str):
            merged[key] = base64.b64encode(value.encode()).decode()
        else:
            problems.append(f"stringData.{key}: must be text, is {type(value).__name__}")
    inputs["data"] = merged


def _normalise_base64(data: Obj, problems: list[str]) -> None:
    for key, value in data.items():
        if value is UNKNOWN:
            continue
        try:
            # The API server drops line breaks and nothing else.
            plain = base64.b64decode("".join(value.split()), validate=True)
        except (AttributeError, TypeError, ValueError, binascii.Error):
            problems.append(f"data.{key}: must be base64 text; give plain text as stringData.{key}")
        else:
            data[key] = base64.b64encode(plain).decode()
