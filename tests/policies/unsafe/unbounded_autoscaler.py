"""Workers are scaled by the length of the queue, and nobody says how far."""

import pulumi_kubernetes as k8s
from spoil import cluster, labels, platform

platform()
k8s.apiextensions.CustomResource(
    "worker-default",
    api_version="keda.sh/v1alpha1",
    kind="ScaledObject",
    metadata={"name": "worker-default", "namespace": "airflow", "labels": labels("worker-default")},
    spec={
        "scaleTargetRef": {"name": "worker-default"},
        "minReplicaCount": 3,
        "triggers": [{"type": "redis", "metadata": {"listName": "default", "listLength": "16"}}],
    },
    opts=cluster(),
)
