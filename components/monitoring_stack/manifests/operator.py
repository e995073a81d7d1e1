"""Objects for a cluster whose Prometheus operator scrapes and alerts."""

from typing import Any

import pulumi

from components.contract import names
from components.contract.labels import NAME
from components.contract.peers import Port, Workload
from components.monitoring_stack.rules import groups
from settings.platform_settings import PlatformSettings


def pod_monitor_spec(workload: Workload, *, interval_seconds: int, authority: pulumi.Input[str]) -> dict[str, Any]:
    """Spec of `monitoring.coreos.com/v1` PodMonitor for the ports of a workload that have metrics.

    Args:
        workload: whose pods are scraped.
        interval_seconds: seconds between two scrapes.
        authority: name of the ConfigMap beside the pods that holds the authority's certificate as `ca.crt`.
    """
    return {
        "selector": {"matchLabels": {NAME: workload.name}},
        "podTargetLabels": [NAME],
        "podMetricsEndpoints": [
            _endpoint(workload, port, interval_seconds, authority)
            for port in workload.ports
            if port.scrape_path is not None
        ],
    }


def _endpoint(workload: Workload, port: Port, interval_seconds: int, authority: pulumi.Input[str]) -> dict[str, Any]:
    endpoint: dict[str, Any] = {
        "port": port.name,
        "path": port.scrape_path,
        "scheme": port.scheme,
        "interval": f"{interval_seconds}s",
        "relabelings": [{"targetLabel": "workload", "replacement": workload.name}],
    }
    if port.scrape_query:
        endpoint["params"] = {name: [value] for name, value in port.scrape_query}
    if port.scheme == "https":
        endpoint["tlsConfig"] = {
            "ca": {"configMap": {"name": authority, "key": "ca.crt"}},
            "serverName": names.service_host(workload.name, workload.namespace),
        }
    return endpoint


def prometheus_rule_spec(settings: PlatformSettings) -> dict[str, Any]:
    """Spec of `monitoring.coreos.com/v1` PrometheusRule: the same rules as in the bundled Prometheus."""
    return groups(settings)
