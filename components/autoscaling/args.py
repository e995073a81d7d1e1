"""Arguments of Autoscaling."""

from dataclasses import dataclass

import pulumi

from components.contract.args import ComponentArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalingArgs(ComponentArgs):
    """What Autoscaling is told besides; `settings.workers` is used, and Airflow's image for the Python of the drain controller.

    Attributes:
        keda_namespace: the created namespace of KEDA, or the name of that of the cluster's own.
        authority_certificate: PEM, by which the API server verifies the metrics adapter.
    """

    keda_namespace: pulumi.Input[str]
    authority_certificate: pulumi.Input[str]
