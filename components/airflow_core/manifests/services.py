"""The Services of the two api-server roles."""

import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.airflow_pods import Process, Surroundings, metadata


def service(process: Process, around: Surroundings) -> k8s.core.v1.ServiceInitArgs:
    """A Service inside the cluster."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(process, around, process.name),
        spec=k8s.core.v1.ServiceSpecArgs(
            type="ClusterIP",
            selector=around.labels.selector(process.name),
            ports=[k8s.core.v1.ServicePortArgs(name="https", port=names.API_PORT, target_port="https")],
        ),
    )
