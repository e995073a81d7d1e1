"""Arguments of Ingress."""

from dataclasses import dataclass

import pulumi

from components.contract.args import ComponentArgs
from components.contract.endpoints import AirflowEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressArgs(ComponentArgs):
    """What Ingress is told besides; `settings.ingress` says the shape.

    Attributes:
        airflow_namespace: where api-core runs; a route has to lie beside the Service it names.
        airflow: the api-server that is routed to.
        authority_certificate: PEM, by which a Gateway verifies api-core.
    """

    airflow_namespace: pulumi.Input[str]
    airflow: AirflowEndpoint
    authority_certificate: pulumi.Input[str]
