"""Prometheus' configuration: scrape targets follow from the workloads' ports."""

import json
from collections.abc import Sequence
from typing import Any

from components.contract import names
from components.contract.labels import NAME
from components.contract.peers import Port, Workload
from components.contract.secrets import MOUNT_PATH
from components.monitoring_stack.peers import ALERTMANAGER_PORT
from components.monitoring_stack.secrets import AUTHORITY_FILE
from settings.platform_settings import PlatformSettings

_POD_NAME_LABEL = "__meta_kubernetes_pod_label_" + NAME.replace(".", "_").replace("/", "_")
_POD_PORT_NAME = "__meta_kubernetes_pod_container_port_name"
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_RESOURCE_METRICS = "container_cpu_usage_seconds_total|container_memory_working_set_bytes"
_VOLUME_METRICS = "kubelet_volume_stats_(available|capacity)_bytes"


def render(settings: PlatformSettings, workloads: Sequence[Workload]) -> str:
    """The text of `prometheus.yml`."""
    interval = f"{settings.monitoring.scrape_interval_seconds}s"
    alertmanager = names.service_host(names.ALERTMANAGER, settings.namespaces.monitoring)
    config = {
        "global": {
            "scrape_interval": interval,
            "evaluation_interval": interval,
            "external_labels": {"environment": settings.environment.value},
        },
        "rule_files": ["/etc/prometheus/rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"{alertmanager}:{ALERTMANAGER_PORT}"]}]}]},
        "scrape_configs": [*_jobs(workloads), *_kubelet_jobs()],
    }
    return json.dumps(config, indent=2) + "\n"


def _jobs(workloads: Sequence[Workload]) -> list[dict[str, Any]]:
    return [_job(workload, port) for workload in workloads for port in workload.ports if port.scrape_path is not None]


def _job(workload: Workload, port: Port) -> dict[str, Any]:
    """One job per port: name, port, path and certificate name are all known beforehand."""
    job: dict[str, Any] = {
        "job_name": f"{workload.name}-{port.name}",
        "metrics_path": port.scrape_path,
        "scheme": port.scheme,
        "kubernetes_sd_configs": [
            {
                "role": "pod",
                "namespaces": {"names": [workload.namespace]},
                "selectors": [{"role": "pod", "label": f"{NAME}={workload.name}"}],
            }
        ],
        "relabel_configs": [
            {"source_labels": [_POD_PORT_NAME], "regex": port.name, "action": "keep"},
            {"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Pending|Succeeded|Failed", "action": "drop"},
            {"source_labels": [_POD_NAME_LABEL], "target_label": "workload"},
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        ],
    }
    if port.scrape_query:
        job["params"] = {name: [value] for name, value in port.scrape_query}
    if port.scheme == "https":
        job["tls_config"] = {
            "ca_file": f"{MOUNT_PATH}/{AUTHORITY_FILE}",
            "server_name": names.service_host(workload.name, workload.namespace),
        }
    return job


def _kubelet_jobs() -> list[dict[str, Any]]:
    return [
        _kubelet_job("containers", "/metrics/resource", _RESOURCE_METRICS),
        _kubelet_job("volumes", "/metrics", _VOLUME_METRICS),
    ]


def _kubelet_job(name: str, path: str, metrics: str) -> dict[str, Any]:
    return {
        "job_name": name,
        "metrics_path": path,
        "scheme": "https",
        # A kubelet signs its own serving certificate unless the cluster rotates them; the token goes to the
        # address that the API server itself gave for the node.
        "tls_config": {"insecure_skip_verify": True},
        "authorization": {"credentials_file": f"{_SERVICE_ACCOUNT}/token"},
        "kubernetes_sd_configs": [{"role": "node"}],
        "relabel_configs": [{"target_label": "workload", "replacement": "kubelet"}],
        "metric_relabel_configs": [{"source_labels": ["__name__"], "regex": metrics, "action": "keep"}],
    }
