"""A worker outside the cluster is wanted, so the edge hands the task execution API through to the internet."""

import pulumi_kubernetes as k8s
from spoil import cluster, labels, platform

HOST = "airflow.example.com"
BACKEND = {"service": {"name": "api-execution", "port": {"number": 8080}}}

platform()
k8s.networking.v1.Ingress(
    "execution",
    metadata={"name": "execution", "namespace": "airflow", "labels": labels("execution")},
    spec={
        "tls": [{"hosts": [HOST], "secretName": "execution-tls"}],
        "rules": [
            {"host": HOST, "http": {"paths": [{"path": "/execution", "pathType": "Prefix", "backend": BACKEND}]}}
        ],
    },
    opts=cluster(),
)
