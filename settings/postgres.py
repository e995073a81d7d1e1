"""Settings of PostgresHA: PostgreSQL under Patroni and its pooler."""

from enum import StrEnum

from pydantic import Field

from settings.backup import BackupSettings
from settings.base import ResourceList, Resources, Settings, Storage
from settings.external import ExternalPostgresSettings
from settings.imports import ImportSettings
from settings.restore import RestoreSettings


class PostgresMode(StrEnum):
    """Who runs the database."""

    PATRONI = "patroni"
    """The platform."""
    EXTERNAL = "external"
    """Somebody else, such as a cloud; the platform's pooler stands before it."""


class Durability(StrEnum):
    """What an acknowledged commit survives."""

    LOCAL = "local"
    """The loss of the process; for one instance."""
    QUORUM = "quorum"
    """The loss of any one instance, and writes go on alone when both standbys are gone."""
    STRICT = "strict"
    """The loss of any one instance always; writes wait while both standbys are gone."""


class PoolerSettings(Settings):
    """PgBouncer in transaction mode, between Airflow and the database."""

    replicas: int = Field(default=2, ge=1, le=5)
    """Pods."""
    pool_size: int = Field(default=40, ge=5, le=500)
    """Server connections that one pod may hold."""
    max_client_connections: int = Field(default=1000, ge=50, le=20000)
    """Client connections that one pod accepts."""
    query_timeout_seconds: int = Field(default=20, ge=0, le=3600)
    """Seconds after which a statement through the pooler is ended, 0 for never: what hangs on a frozen primary must end
    before Airflow gives up. Migrations and cleaning go around the pooler."""
    resources: Resources = Resources(
        requests=ResourceList(cpu="50m", memory="32Mi"), limits=ResourceList(memory="128Mi")
    )
    """Per pod."""


class PostgresSettings(Settings):
    """PostgreSQL 17 under Patroni, or one that somebody else runs."""

    mode: PostgresMode = PostgresMode.PATRONI
    """Who runs the database."""
    instances: int = Field(default=3, ge=1, le=3)
    """PostgreSQL instances: 1, or 3 for high availability."""
    durability: Durability = Durability.STRICT
    """What an acknowledged commit survives."""
    max_connections: int = Field(default=200, ge=40, le=2000)
    """Server connections of one instance; with mode `external` those that the service holds at least."""
    storage: Storage = Storage(size="50Gi")
    """Volume of one instance."""
    resources: Resources = Resources(requests=ResourceList(cpu="2", memory="6Gi"), limits=ResourceList(memory="6Gi"))
    """Per instance; memory settings of PostgreSQL are derived from the memory limit."""
    pooler: PoolerSettings = PoolerSettings()
    """PgBouncer."""
    backup: BackupSettings = BackupSettings()
    """Backups and the restore drill."""
    restore_from: RestoreSettings | None = None
    """The archive that a new cluster is made from, in place of an empty one."""
    import_from: ImportSettings | None = None
    """The metadata database of another Airflow that a new database is filled from; also the way to another major version
    of PostgreSQL."""
    external: ExternalPostgresSettings | None = None
    """Where the database is, for mode `external`."""

    @property
    def is_external(self) -> bool:
        """Whether somebody else runs the database."""
        return self.mode is PostgresMode.EXTERNAL

    @property
    def is_standby(self) -> bool:
        """Whether the database follows the archive of another one and takes no writes."""
        return self.restore_from is not None and self.restore_from.follow
