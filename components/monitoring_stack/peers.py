"""Ports of the monitoring workloads and whom they talk to."""

from components.contract import names
from components.contract.peers import Need, Outside, Port, Workload
from settings.monitoring import MonitoringMode
from settings.platform_settings import PlatformSettings

STATSD_METRICS_PORT = 9102
ALERTMANAGER_PORT = 9093


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """The StatsD exporter always; Prometheus and Alertmanager where they are ours.

    That Prometheus may reach every port with metrics follows from those ports and is not listed here.
    """
    namespace = settings.namespaces.monitoring
    statsd = Workload(
        name=names.STATSD_EXPORTER,
        namespace=namespace,
        ports=(
            Port(name="statsd", number=names.STATSD_PORT, protocol="UDP"),
            Port(name="metrics", number=STATSD_METRICS_PORT, scrape_path="/metrics"),
        ),
    )
    if settings.monitoring.mode is MonitoringMode.OPERATOR:
        return (statsd,)
    prometheus = Workload(
        name=names.PROMETHEUS,
        namespace=namespace,
        ports=(Port(name="http", number=names.PROMETHEUS_PORT, scrape_path="/metrics"),),
        needs=(Need(workload=names.ALERTMANAGER, port="http"),),
        reaches=frozenset({Outside.KUBERNETES_API, Outside.KUBELETS}),
    )
    alertmanager = Workload(
        name=names.ALERTMANAGER,
        namespace=namespace,
        ports=(Port(name="http", number=ALERTMANAGER_PORT, scrape_path="/metrics"),),
        reaches=frozenset({Outside.INTERNET}),
    )
    return (statsd, prometheus, alertmanager)
