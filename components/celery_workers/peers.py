"""Which ports workers serve and whom they talk to."""

from components.contract import airflow, bundles, names, task_logs, tasks
from components.contract.peers import Need, Outside, Port, Workload
from settings.platform_settings import PlatformSettings


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """One workload per queue: no worker reaches the metadata database."""
    needs = (
        tasks.EXECUTION_API,
        Need(workload=names.STATSD_EXPORTER, port="statsd"),
        *airflow.broker_needs(settings),
        *task_logs.needs(settings),
    )
    return tuple(
        Workload(
            name=names.worker(queue),
            namespace=settings.namespaces.airflow,
            ports=(Port(name="logs", number=airflow.WORKER_LOG_PORT),),
            needs=needs,
            services=(*airflow.broker_services(settings), *bundles.services(settings.airflow.bundles)),
            # Tasks talk to the world; that is what they are for.
            reaches=frozenset({Outside.INTERNET}),
        )
        for queue in sorted(settings.workers.queues)
    )
