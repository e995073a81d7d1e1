"""A debugging pod that may do on the node whatever it likes is rolled out beside the platform."""

import pulumi_kubernetes as k8s
from spoil import cluster, labels, platform

IMAGE = "registry.example.com/airflow-platform/debug@sha256:" + "0" * 64

platform()
k8s.apps.v1.DaemonSet(
    "debug",
    metadata={"name": "debug", "namespace": "airflow", "labels": labels("debug")},
    spec={
        "selector": {"matchLabels": {"app.kubernetes.io/name": "debug"}},
        "template": {
            "metadata": {"labels": labels("debug")},
            "spec": {
                "automountServiceAccountToken": False,
                "hostPID": True,
                "priorityClassName": "airflow-workers",
                "containers": [
                    {
                        "name": "debug",
                        "image": IMAGE,
                        "command": ["sleep", "infinity"],
                        "securityContext": {"privileged": True, "runAsUser": 0},
                        "livenessProbe": {"exec": {"command": ["true"]}},
                        "readinessProbe": {"exec": {"command": ["true"]}},
                        "resources": {
                            "requests": {"cpu": "10m", "memory": "16Mi"},
                            "limits": {"memory": "16Mi"},
                        },
                    }
                ],
            },
        },
    },
    opts=cluster(),
)
