"""An analyst wants to reach the metadata database from a notebook, so it gets an address on the internet."""

import pulumi_kubernetes as k8s
from spoil import cluster, labels, platform

platform()
k8s.core.v1.Service(
    "postgres-public",
    metadata={"name": "postgres-public", "namespace": "airflow-data", "labels": labels("postgres-public")},
    spec={
        "type": "LoadBalancer",
        "selector": {"app.kubernetes.io/name": "postgres", "app.kubernetes.io/part-of": "airflow-platform"},
        "ports": [{"name": "postgresql", "port": 5432, "targetPort": "postgresql"}],
    },
    opts=cluster(),
)
