"""A pod's typed arguments as the JSON that Airflow reads a pod from."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s


def template(pod: k8s.core.v1.PodTemplateSpecArgs) -> pulumi.Output[str]:
    """The pod as a document of its own, once everything that it names is there."""
    return pulumi.Output.json_dumps({"apiVersion": "v1", "kind": "Pod", **_plain(pod)}, indent=2, sort_keys=True).apply(
        lambda text: f"{text}\n"
    )


def _plain(value: Any) -> Any:
    """Arguments as mappings with the names that Kubernetes gives their fields; what is known later stays so."""
    if isinstance(value, Mapping):
        texts = cast("Mapping[str, Any]", value)
        return {key: _plain(inner) for key, inner in texts.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    if value is None or isinstance(value, str | int | pulumi.Output):
        return cast("Any", value)
    fields: dict[str, Any] = vars(cast("object", value))
    return {_field(name): _plain(inner) for name, inner in fields.items() if inner is not None}


def _field(name: str) -> str:
    first, *others = name.rstrip("_").split("_")
    return first + "".join(map(str.capitalize, others))
