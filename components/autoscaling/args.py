"""Arguments of Autoscaling."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalingArgs:
    """What Autoscaling is told.

    Attributes:
        settings: of the whole stack; `workers` is used.
        labels: common labels.
        images: where `airflow`, whose Python the drain controller uses, and `keda` come from.
        namespace: the created namespace of Airflow.
        keda_namespace: the created namespace of KEDA, or the name of that of the cluster's own.
        secrets: the Secrets of this component's consumers, by consumer name.
        priority_class: of its pods.
        authority_certificate: PEM, by which the API server verifies the metrics adapter.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    keda_namespace: pulumi.Input[str]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
    authority_certificate: pulumi.Input[str]
