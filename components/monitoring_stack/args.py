"""Arguments of MonitoringStack."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.args import ComponentArgs
from components.contract.peers import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringStackArgs(ComponentArgs):
    """What MonitoringStack is told besides; `settings.monitoring` says the shape.

    Attributes:
        namespaces: every namespace in which something is scraped, by name.
        workloads: of all components; their ports with metrics are scraped.
        authority_certificate: PEM, by which the cluster's own Prometheus verifies ports that speak TLS.
    """

    namespaces: Mapping[str, pulumi.Input[str]]
    workloads: tuple[Workload, ...]
    authority_certificate: pulumi.Input[str]
