"""Whom the pods of tasks talk to."""

from components.contract import bundles, names, task_logs, tasks
from components.contract.peers import Need, Outside, Workload
from settings.platform_settings import PlatformSettings


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """All such pods alike: they serve nothing, and reach neither the metadata database nor the Kubernetes API."""
    if not settings.airflow.executor.has_pods:
        return ()
    return (
        Workload(
            name=names.TASK,
            namespace=settings.namespaces.tasks,
            needs=(
                tasks.EXECUTION_API,
                Need(workload=names.STATSD_EXPORTER, port="statsd"),
                *task_logs.needs(settings),
            ),
            services=bundles.services(settings.airflow.bundles),
            # Tasks talk to the world; that is what they are for.
            reaches=frozenset({Outside.INTERNET}),
        ),
    )
