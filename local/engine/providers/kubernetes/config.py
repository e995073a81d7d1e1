"""What the program says about the provider itself: which cluster, which namespace, which switches."""

import json
import os
from dataclasses import dataclass
from typing import Any, cast

from local.engine.providers.base import UNKNOWN, Properties, ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """The inputs of a `pulumi:providers:kubernetes` resource, as far as the embedded engine heeds them.

    Attributes:
        kubeconfig: path or content of a kubeconfig; empty for KUBECONFIG or ~/.kube/config.
        context: the context of it to use; empty for its current one.
        cluster: the cluster of it to use; empty for the context's.
        namespace: for objects that name none; empty for the context's.
        known: False in a preview in which the kubeconfig is itself still to be made.
    """

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    known: bool = True
    secrets_mutable: bool = False
    config_maps_mutable: bool = False
    patch_force: bool = False
    upsert: bool = False
    delete_unreachable: bool = False
    quiet_deprecations: bool = False


def parse_config(properties: Properties) -> ProviderConfig:
    """Read a provider's inputs; switches arrive as booleans or as JSON text.

    Raises:
        ProviderError: a switch is neither true nor false, or the provider is set to render files.
    """
    if properties.get("renderYamlToDirectory"):
        raise ProviderError(
            "renderYamlToDirectory: the embedded engine does not write files instead of applying objects. "
            "Use `make render`, or run this stack with the Pulumi CLI."
        )
    return ProviderConfig(
        kubeconfig=_kubeconfig(properties.get("kubeconfig")),
        context=_text(properties, "context"),
        cluster=_text(properties, "cluster"),
        namespace=_text(properties, "namespace"),
        known=all(properties.get(key) is not UNKNOWN for key in ("kubeconfig", "context", "cluster")),
        secrets_mutable=_switch(properties, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
        config_maps_mutable=_switch(properties, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
        patch_force=_switch(properties, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        upsert=_switch(properties, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
        delete_unreachable=_switch(properties, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
        quiet_deprecations=_switch(
            properties, "suppressDeprecationWarnings", "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS"
        ),
    )


def _kubeconfig(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(cast("dict[str, Any]", value))
    return value if isinstance(value, str) else ""


def _text(properties: Properties, key: str) -> str:
    value = properties.get(key)
    return value if isinstance(value, str) else ""


def _switch(properties: Properties, key: str, variable: str) -> bool:
    value = properties.get(key)
    if value is None or value is UNKNOWN:
        return os.environ.get(variable) == "true"
    if value in {True, "true"}:
        return True
    if value in {False, "false", ""}:
        return False
    raise ProviderError(f"kubernetes provider, {key}: {value!r} is neither true nor false.")
