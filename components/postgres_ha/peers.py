"""Which ports the database and its pooler serve, and whom they talk to."""

from components.contract import external_database, names, object_store
from components.contract.peers import Need, Outside, Port, Workload
from components.postgres_ha import imports
from components.postgres_ha.names import (
    BACKUP,
    BACKUP_STORE,
    CONFIGURE,
    EXPORTER,
    EXPORTER_PORT,
    PATRONI_PORT,
    POOLER_EXPORTER_PORT,
    RESTORE_DRILL,
)
from settings.backup import BackupTarget
from settings.platform_settings import PlatformSettings


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """PostgreSQL, the Job that configures it, PgBouncer, and what backups add.

    Instances talk to one another (streaming, rewind, Patroni's own questions) and keep their cluster's state in
    the Kubernetes API. The pooler knows the primary only. Instances and restore drills talk to the store of backups.
    With mode `external` there are the Job, the pooler and an exporter, which alone knows the primary.
    """
    namespace = settings.namespaces.data
    pooler = Workload(
        name=names.POSTGRES_POOLER,
        namespace=namespace,
        ports=(
            Port(name="postgresql", number=names.POSTGRES_PORT),
            Port(name="metrics", number=POOLER_EXPORTER_PORT, scrape_path="/metrics"),
        ),
        needs=external_database.primary_needs(settings),
        services=external_database.primary_services(settings),
    )
    if settings.postgres.is_external:
        services = external_database.primary_services(settings)
        configure = Workload(name=CONFIGURE, namespace=namespace, services=services)
        metrics = Port(name="metrics", number=EXPORTER_PORT, scrape_path="/metrics")
        return (configure, pooler, Workload(name=EXPORTER, namespace=namespace, ports=(metrics,), services=services))
    database = Workload(
        name=names.POSTGRES,
        namespace=namespace,
        ports=(
            Port(name="postgresql", number=names.POSTGRES_PORT),
            Port(name="patroni", number=PATRONI_PORT, scrape_path="/metrics", scheme="https"),
            Port(name="metrics", number=EXPORTER_PORT, scrape_path="/metrics"),
        ),
        needs=(
            Need(workload=names.POSTGRES, port="postgresql"),
            Need(workload=names.POSTGRES, port="patroni"),
            *_bundled(settings),
        ),
        reaches=frozenset({Outside.KUBERNETES_API, *_store(settings), *_source(settings)}),
    )
    configure = Workload(
        name=CONFIGURE,
        namespace=namespace,
        needs=(Need(workload=names.POSTGRES, port="patroni"), Need(workload=names.POSTGRES, port="postgresql")),
        reaches=frozenset({Outside.KUBERNETES_API}),
        services=imports.services(settings),
    )
    return (database, configure, pooler, *_backups(settings))


def _store(settings: PlatformSettings) -> frozenset[Outside]:
    """How a store of backups elsewhere is reached; a volume needs no way."""
    return frozenset({Outside.INTERNET} if settings.postgres.backup.s3 else ())


def _source(settings: PlatformSettings) -> frozenset[Outside]:
    """The same of the store that the cluster is made from."""
    source = settings.postgres.restore_from
    return frozenset({Outside.INTERNET} if source and source.s3 else ())


def _bundled(settings: PlatformSettings) -> tuple[Need, ...]:
    """The stack's own store, where it has one."""
    return (Need(workload=BACKUP_STORE, port=object_store.PORT_NAME),) if settings.postgres.backup.bundled else ()


def _backups(settings: PlatformSettings) -> tuple[Workload, ...]:
    """The CronJobs, which know the primary only, and the drill, which also reads the store."""
    namespace = settings.namespaces.data
    if settings.postgres.backup.target is BackupTarget.NONE:
        return ()
    primary = Need(workload=names.POSTGRES, port="postgresql")
    asking = Workload(name=BACKUP, namespace=namespace, needs=(primary,))
    drill = Workload(
        name=RESTORE_DRILL, namespace=namespace, needs=(primary, *_bundled(settings)), reaches=_store(settings)
    )
    store = object_store.workload(BACKUP_STORE, namespace)
    return (asking, drill, *((store,) if settings.postgres.backup.bundled else ()))
