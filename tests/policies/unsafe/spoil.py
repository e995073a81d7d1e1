"""What the unsafe programs share: they run the platform's own program with one thing spoiled, as a patch in a hurry does."""

import runpy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s
from pulumi._types import input_type_to_dict, is_input_type

Object = dict[str, Any]
Change = Callable[[Object, pulumi.ResourceOptions], None]

ROOT = Path(__file__).resolve().parents[3]


def platform() -> None:
    """Everything that the project's own program declares."""
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


def platform_with(kind: str, name: str, change: Change) -> None:
    """The platform, one of its objects changed on the way.

    Args:
        kind: of the object, such as `Deployment`.
        name: in the cluster.
        change: edits the object's properties (or its options) in place.
    """
    found: list[str] = []

    def transformation(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.endswith(f":{kind}"):
            return None
        props: Object = {key: _plain(value) for key, value in args.props.items() if value is not None}
        if props["metadata"].get("name") != name:
            return None
        found.append(name)
        change(props, args.opts)
        return pulumi.ResourceTransformationResult(props=props, opts=args.opts)

    pulumi.runtime.register_stack_transformation(transformation)
    platform()
    if not found:
        raise pulumi.RunError(f"there is no {kind} {name} to spoil")


def cluster() -> pulumi.ResourceOptions:
    """Options for an object beside the platform: the same cluster, by a provider of its own."""
    context = pulumi.Config().get("context") or "none"
    return pulumi.ResourceOptions(provider=k8s.Provider("beside", context=context))


def labels(name: str) -> dict[str, str]:
    """The labels that every object carries: an unsafe stack is unsafe in one thing only."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": name,
        "app.kubernetes.io/part-of": "airflow-platform",
        "app.kubernetes.io/managed-by": "pulumi",
        "airflow-platform/environment": pulumi.get_stack(),
    }


def _plain(value: Any) -> Any:
    """Typed arguments as maps with the keys of the Kubernetes API."""
    if is_input_type(cast("type[Any]", type(value))):
        return {key: _plain(item) for key, item in input_type_to_dict(value).items() if item is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    return value
