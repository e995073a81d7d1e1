"""The ScaledObject of a queue: where KEDA reads the signals, and the rule that it applies to them."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.celery_workers import scaling
from components.celery_workers.scaling import Signal
from components.contract import names
from components.contract.endpoints import AutoscalingEndpoint
from settings.airflow import QueueSettings
from settings.monitoring import MonitoringMode
from settings.platform_settings import PlatformSettings
from settings.quantities import parse_bytes, parse_millicores

API_VERSION = "keda.sh/v1alpha1"
KIND = "ScaledObject"

_POLL_SECONDS = 30
"""Between two looks of KEDA itself, which decides on the first pod alone; the HPA asks every 15 s by itself."""
_POLL_FROM_ZERO_SECONDS = 10
_FAILURES = 3
"""Times in a row that a signal cannot be read before the formula does without it."""
_POD = "[a-z0-9]+-[a-z0-9]{5}"
"""What a Deployment puts behind its own name."""


def spec(
    settings: PlatformSettings,
    name: str,
    autoscaling: AutoscalingEndpoint,
    deployment: pulumi.Output[k8s.meta.v1.outputs.ObjectMeta],
) -> dict[str, Any]:
    """`spec` of a queue's ScaledObject.

    Args:
        settings: of the whole stack.
        name: of the queue.
        autoscaling: what it stands on.
        deployment: metadata of the created Deployment that it scales.
    """
    authentication = {"kind": autoscaling.authentication_kind, "name": autoscaling.authentication_name}
    target = deployment.apply(lambda found: found.name or "")
    queue = settings.workers.queues[name]
    usage = usage_queries(settings, name)
    from_zero = queue.min_replicas == 0
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
        "minReplicaCount": queue.min_replicas,
        "maxReplicaCount": queue.max_replicas,
        "pollingInterval": _POLL_FROM_ZERO_SECONDS if from_zero else _POLL_SECONDS,
        # Counts for the step to zero alone.
        "cooldownPeriod": queue.scaling.down_window_seconds,
        # Where the rule itself cannot be evaluated the HPA holds; this is what it may not fall below.
        "fallback": {
            "failureThreshold": _FAILURES,
            "replicas": max(1, queue.min_replicas),
            "behavior": "scalingModifiers",
        },
        "advanced": {
            "restoreToOriginalReplicaCount": False,
            "horizontalPodAutoscalerConfig": {"name": names.worker(name), "behavior": scaling.behavior(queue)},
            "scalingModifiers": {
                "formula": scaling.rule(queue, usage=tuple(usage)).formula(),
                "target": "1",
                "metricType": "AverageValue",
            },
        },
        "triggers": [
            *(_database(signal, query, authentication) for signal, query in task_queries(name).items()),
            _current(settings, name),
            *(_prometheus(settings, signal, query) for signal, query in usage.items()),
            *_planned(queue),
        ],
    }


def task_queries(queue: str) -> dict[Signal, str]:
    """Signal to the SQL that reads it: one row, one number, by the index over states."""
    # A name of a queue has letters, digits and hyphens only.
    # A task that runs in a pod of its own bears the name of a queue too.
    own = "coalesce(executor, 'CeleryExecutor') LIKE '%CeleryExecutor'"
    of_queue = f"FROM task_instance WHERE queue = '{queue}' AND {own} AND state"
    return {
        Signal.QUEUED: f"SELECT count(*) {of_queue} = 'queued'",
        Signal.BUSY: f"SELECT count(*) {of_queue} IN ('queued', 'running')",
        Signal.AGE: f"SELECT coalesce(extract(epoch FROM now() - min(queued_dttm)), 0) {of_queue} = 'queued'",  # noqa: S608
    }


def usage_queries(settings: PlatformSettings, name: str) -> dict[Signal, str]:
    """Signal to the PromQL that reads it; none where Prometheus is not ours, and no CPU where no CPU is requested."""
    if settings.monitoring.mode is not MonitoringMode.BUNDLED:
        return {}
    resources = settings.workers.queues[name].resources
    pods = f'{{namespace="{settings.namespaces.airflow}",pod=~"{names.worker(name)}-{_POD}"}}'
    used = f"container_memory_working_set_bytes{pods}"
    window = f"{max(120, 4 * settings.monitoring.scrape_interval_seconds)}s"
    queries: dict[Signal, str] = {}
    if resources.requests.cpu is not None:
        cores = parse_millicores(resources.requests.cpu) / 1000
        rate = f"rate(container_cpu_usage_seconds_total{pods}[{window}])"
        queries[Signal.CPU] = f"100 * sum({rate}) / (count({used}) * {cores})"
    limit = int(parse_bytes(resources.limits.memory))
    queries[Signal.MEMORY] = f"100 * sum({used}) / (count({used}) * {limit})"
    return queries


def _database(signal: Signal, query: str, authentication: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "postgresql",
        "name": signal.value,
        "metadata": {"query": query, "targetQueryValue": "1"},
        "authenticationRef": authentication,
    }


def _current(settings: PlatformSettings, queue: str) -> dict[str, Any]:
    """From the drain controller: KEDA's own count of pods includes those that are draining."""
    host = names.service_host(names.DRAIN_CONTROLLER, settings.namespaces.airflow)
    return {
        "type": "metrics-api",
        "name": Signal.CURRENT.value,
        "metadata": {
            "url": f"http://{host}:{names.DRAIN_CONTROLLER_PORT}/queues/{queue}",
            "valueLocation": "replicas",
            "targetValue": "1",
        },
    }


def _prometheus(settings: PlatformSettings, signal: Signal, query: str) -> dict[str, Any]:
    host = names.service_host(names.PROMETHEUS, settings.namespaces.monitoring)
    return {
        "type": "prometheus",
        "name": signal.value,
        "metadata": {"serverAddress": f"http://{host}:{names.PROMETHEUS_PORT}", "query": query, "threshold": "1"},
    }


def _planned(queue: QueueSettings) -> list[dict[str, Any]]:
    return [
        {
            "type": "cron",
            "name": scaling.planned_signal(index),
            "metadata": {
                "timezone": planned.timezone,
                "start": planned.start,
                "end": planned.end,
                "desiredReplicas": str(planned.replicas),
            },
        }
        for index, planned in enumerate(queue.scaling.planned)
    ]
