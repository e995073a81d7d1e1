"""Which ports the parts of scaling serve and whom they talk to."""

from components.contract import external_database, names
from components.contract.peers import Need, Outside, Port, Workload
from settings.monitoring import MonitoringMode
from settings.platform_settings import PlatformSettings

GRPC_PORT = 9666
OPERATOR_METRICS_PORT = 8080
OPERATOR_HEALTH_PORT = 8081
ADAPTER_PORT = 6443
ADAPTER_METRICS_PORT = 8080


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """The drain controller and KEDA; none where no queue is scaled."""
    if not settings.workers.scaled_queues:
        return ()
    drain = Workload(
        name=names.DRAIN_CONTROLLER,
        namespace=settings.namespaces.airflow,
        ports=(Port(name="http", number=names.DRAIN_CONTROLLER_PORT, scrape_path="/metrics"),),
        needs=external_database.primary_needs(settings),
        services=external_database.primary_services(settings),
        reaches=frozenset({Outside.KUBERNETES_API}),
    )
    return (drain, *_keda(settings))


def _keda(settings: PlatformSettings) -> tuple[Workload, ...]:
    namespace, bundled = settings.workers.keda.namespace, settings.workers.brings_keda
    has_prometheus = settings.monitoring.mode is MonitoringMode.BUNDLED
    operator = Workload(
        name=names.KEDA_OPERATOR,
        namespace=namespace,
        ports=(
            Port(name="grpc", number=GRPC_PORT),
            Port(name="metrics", number=OPERATOR_METRICS_PORT, scrape_path="/metrics"),
        )
        if bundled
        else (),
        needs=(
            *external_database.primary_needs(settings),
            Need(workload=names.DRAIN_CONTROLLER, port="http"),
            *((Need(workload=names.PROMETHEUS, port="http"),) if has_prometheus else ()),
        ),
        services=external_database.primary_services(settings),
        reaches=frozenset({Outside.KUBERNETES_API}),
        brought_by_cluster=not bundled,
    )
    if not bundled:
        return (operator,)
    adapter = Workload(
        name=names.KEDA_ADAPTER,
        namespace=namespace,
        ports=(
            Port(name="https", number=ADAPTER_PORT),
            Port(name="metrics", number=ADAPTER_METRICS_PORT, scrape_path="/metrics"),
        ),
        needs=(Need(workload=names.KEDA_OPERATOR, port="grpc"),),
        reaches=frozenset({Outside.KUBERNETES_API}),
        reached_by=frozenset({Outside.KUBERNETES_API}),
    )
    return (operator, adapter)
