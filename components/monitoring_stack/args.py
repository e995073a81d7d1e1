"""What MonitoringStack is built from."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.peers import Workload
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringStackArgs:
    """Arguments of MonitoringStack.

    Attributes:
        settings: of the whole stack.
        labels: common to all objects.
        images: of Prometheus, Alertmanager and the StatsD exporter.
        namespace: of monitoring.
        namespaces: every namespace in which something is scraped, by name.
        secrets: by consumer; `prometheus` is read.
        priority_class: of the pods.
        workloads: of all components; their ports with metrics are scraped.
        authority_certificate: PEM, by which the cluster's own Prometheus verifies ports that speak TLS.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    namespaces: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
    workloads: tuple[Workload, ...]
    authority_certificate: pulumi.Input[str]
