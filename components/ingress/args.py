"""What Ingress is built from."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.endpoints import AirflowEndpoint
from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressArgs:
    """Arguments of Ingress.

    Attributes:
        settings: of the whole stack.
        labels: common to all objects.
        images: of the bundled edge and its exporter.
        namespace: of the edge.
        airflow_namespace: where api-core runs; a route has to lie beside the Service it names.
        secrets: by consumer; `edge` is read.
        priority_class: of the edge's pods.
        airflow: the api-server that is routed to.
        authority_certificate: PEM, by which a Gateway verifies api-core.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    airflow_namespace: pulumi.Input[str]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
    airflow: AirflowEndpoint
    authority_certificate: pulumi.Input[str]
