"""What KEDA and the drain controller may do at the Kubernetes API. Found by running them with less."""

import pulumi_kubernetes as k8s

from components.autoscaling.manifests.common import allow
from components.contract import names
from settings.platform_settings import PlatformSettings

_READ = ["get", "list", "watch"]
_KEEP = [*_READ, "update", "patch"]

COMPOSITE_METRIC = "composite-metric"
"""The one metric of a ScaledObject with a formula; its name is the resource that is asked for."""

Rules = list[k8s.rbac.v1.PolicyRuleArgs]


def operator_in_airflow() -> Rules:
    """In the namespace of the workers: KEDA's own objects, the autoscalers it makes, and the scale of Deployments.

    It reads no Secret there: the log-in at the database lies among its own files.
    """
    return [
        allow("keda.sh", ["scaledobjects", "scaledjobs", "triggerauthentications"], _KEEP),
        allow(
            "keda.sh",
            [
                "scaledobjects/status",
                "scaledobjects/finalizers",
                "scaledjobs/status",
                "scaledjobs/finalizers",
                "triggerauthentications/status",
            ],
            ["get", "update", "patch"],
        ),
        allow("eventing.keda.sh", ["cloudeventsources"], _KEEP),
        allow("eventing.keda.sh", ["cloudeventsources/status"], ["get", "update", "patch"]),
        allow("autoscaling", ["horizontalpodautoscalers"], [*_KEEP, "create", "delete"]),
        allow("apps", ["deployments"], _READ),
        allow("apps", ["deployments/scale"], ["get", "update", "patch"]),
        allow("", ["pods"], _READ),
        # Watched for ScaledJobs, of which there are none.
        allow("batch", ["jobs"], _READ),
        allow("", ["events"], ["create", "patch"]),
        allow("events.k8s.io", ["events"], ["create", "patch"]),
    ]


def operator_at_home() -> Rules:
    """In its own namespace: it insists on an index of the Secrets there, of which there are only its certificates."""
    return [allow("", ["secrets"], _READ)]


def operator_in_cluster() -> Rules:
    """KEDA's own kinds that belong to no namespace."""
    return [
        allow("keda.sh", ["clustertriggerauthentications"], _KEEP),
        allow("keda.sh", ["clustertriggerauthentications/status"], ["get", "update", "patch"]),
        allow("eventing.keda.sh", ["clustercloudeventsources"], _KEEP),
        allow("eventing.keda.sh", ["clustercloudeventsources/status"], ["get", "update", "patch"]),
    ]


def adapter_in_airflow() -> Rules:
    """Whose metric is asked for."""
    return [allow("keda.sh", ["scaledobjects"], _READ)]


def metrics_reader() -> Rules:
    """What Kubernetes' autoscaler asks the adapter."""
    return [allow("external.metrics.k8s.io", [COMPOSITE_METRIC], ["get", "list"])]


def drain(settings: PlatformSettings) -> Rules:
    """Costs on pods, the brake on the scaled objects, and what is needed to see the state of both.

    Rights cannot be cut by label: it may patch every pod of the namespace, and writes to those of the workers alone.
    """
    scaled = [names.worker(queue) for queue in settings.workers.scaled_queues]
    return [
        allow("", ["pods"], ["list", "patch"]),
        allow("apps", ["deployments"], ["get"], *scaled),
        allow("keda.sh", ["scaledobjects"], ["get", "patch"], *scaled),
    ]
