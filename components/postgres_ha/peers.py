"""Which ports the database and its pooler serve, and whom they talk to."""

from components.contract import names
from components.contract.peers import Need, Outside, Port, Workload
from components.postgres_ha.names import CONFIGURE, EXPORTER_PORT, PATRONI_PORT, POOLER_EXPORTER_PORT
from settings.platform_settings import PlatformSettings


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """PostgreSQL, the Job that configures it, and PgBouncer.

    Instances talk to one another (streaming, rewind, Patroni's own questions) and keep their cluster's state in
    the Kubernetes API. The pooler knows the primary only.
    """
    namespace = settings.namespaces.data
    database = Workload(
        name=names.POSTGRES,
        namespace=namespace,
        ports=(
            Port(name="postgresql", number=names.POSTGRES_PORT),
            Port(name="patroni", number=PATRONI_PORT, scrape_path="/metrics", scheme="https"),
            Port(name="metrics", number=EXPORTER_PORT, scrape_path="/metrics"),
        ),
        needs=(Need(workload=names.POSTGRES, port="postgresql"), Need(workload=names.POSTGRES, port="patroni")),
        reaches=frozenset({Outside.KUBERNETES_API}),
    )
    pooler = Workload(
        name=names.POSTGRES_POOLER,
        namespace=namespace,
        ports=(
            Port(name="postgresql", number=names.POSTGRES_PORT),
            Port(name="metrics", number=POOLER_EXPORTER_PORT, scrape_path="/metrics"),
        ),
        needs=(Need(workload=names.POSTGRES, port="postgresql"),),
    )
    configure = Workload(
        name=CONFIGURE,
        namespace=namespace,
        needs=(Need(workload=names.POSTGRES, port="patroni"), Need(workload=names.POSTGRES, port="postgresql")),
        reaches=frozenset({Outside.KUBERNETES_API}),
    )
    return (database, configure, pooler)
