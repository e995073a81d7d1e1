"""Who of PostgresHA reads which secret, in what form."""

from collections.abc import Mapping

from components.contract import external_database, names, object_store
from components.contract.secrets import SecretConsumer, SecretValue, login
from components.postgres_ha import imports, restore
from components.postgres_ha.backup import is_backed_up, own_bucket
from components.postgres_ha.names import (
    API_USER,
    AUTHORITY_FILE,
    BACKUP,
    BACKUP_STORE,
    BACKUP_USER,
    CERTIFICATE_FILE,
    CONFIGURE,
    EXPORTER,
    KEY_FILE,
    NODES_SERVICE,
    PRIMARY_SERVICE,
    REPLICA_SERVICE,
    REPLICATION_USER,
    RESTORE_DRILL,
    REWIND_USER,
    SUPERUSER,
    instance_hosts,
)
from settings.backup import BackupTarget, KeyType, S3Settings
from settings.platform_settings import PlatformSettings

DATABASE = names.POSTGRES
DATABASE_CONFIGURE = CONFIGURE
DATABASE_EXPORTER = EXPORTER
POOLER = names.POSTGRES_POOLER
POOLER_EXPORTER = f"{names.POSTGRES_POOLER}-exporter"
ARCHIVE = f"{names.POSTGRES}-archive"

PATRONI_FILE = "patroni.yml"
LOGINS_FILE = "logins"
ADMIN_PASSWORD_FILE = "admin-password"  # noqa: S105 - the name of a file
MONITOR_USER_FILE = "monitor-user"
MONITOR_PASSWORD_FILE = "monitor-password"  # noqa: S105 - the name of a file
USERLIST_FILE = "userlist.txt"
BACKUP_USER_FILE = "backup-user"
BACKUP_PASSWORD_FILE = "backup-password"  # noqa: S105 - the name of a file
REPOSITORY_PASSPHRASE_FILE = "repository-passphrase"  # noqa: S105 - the name of a file
ACCESS_KEY_FILE = "access-key"
SECRET_KEY_FILE = "secret-key"  # noqa: S105 - the name of a file
SOURCE = "source-"
"""Before the same of the store that the cluster is made from."""
ESCROW_FILE = "keys.json"
ESCROW_PASSPHRASE_FILE = "escrow-passphrase"  # noqa: S105 - the name of a file

V = SecretValue

_API = f"""\
restapi:
  authentication:
    username: {API_USER}
    password: '{{{V.PATRONI_API_PASSWORD}}}'
"""

# The superuser has no password: nobody is let in by one. Instances are one another's peers, so they use what all know.
_PATRONI = f"""\
{_API}postgresql:
  authentication:
    superuser:
      username: {SUPERUSER}
    replication:
      username: {login(REPLICATION_USER, V.DATABASE_REPLICATION_PASSWORD, "settled")}
      password: '{{{V.DATABASE_REPLICATION_PASSWORD}.settled}}'
    rewind:
      username: {login(REWIND_USER, V.DATABASE_REWIND_PASSWORD, "settled")}
      password: '{{{V.DATABASE_REWIND_PASSWORD}.settled}}'
"""

CLIENT_LOGINS: Mapping[str, tuple[str, SecretValue]] = {
    names.DATABASE_OWNER_LOGIN: (names.DATABASE_OWNER, V.DATABASE_OWNER_PASSWORD),
    names.DATABASE_APP: (names.DATABASE_APP, V.DATABASE_AIRFLOW_PASSWORD),
    names.DATABASE_READER: (names.DATABASE_READER, V.DATABASE_READER_PASSWORD),
    names.MONITOR_USER: (names.MONITOR_USER, V.DATABASE_MONITOR_PASSWORD),
}
"""Beginning of a login's name to the role that it belongs to and its password: those of any database."""

LOGINS: Mapping[str, tuple[str, SecretValue]] = {
    **CLIENT_LOGINS,
    REPLICATION_USER: (REPLICATION_USER, V.DATABASE_REPLICATION_PASSWORD),
    REWIND_USER: (REWIND_USER, V.DATABASE_REWIND_PASSWORD),
}
"""The same of our own."""

BACKUP_LOGINS: Mapping[str, tuple[str, SecretValue]] = {BACKUP_USER: (BACKUP_USER, V.DATABASE_BACKUP_PASSWORD)}
"""The same where there are backups."""

_POOLED = (names.DATABASE_APP, names.MONITOR_USER)

_TLS = {
    CERTIFICATE_FILE: "{tls_certificate}",
    KEY_FILE: "{tls_private_key}",
    AUTHORITY_FILE: "{authority_certificate}",
}


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The instances, the Job that configures them, their exporter, the pooler and its exporter, and what backups add."""
    namespace = settings.namespaces.data
    pooling = _pooler_consumers(settings)
    if settings.postgres.is_external:
        return (*_external_consumers(settings), *pooling)
    let_in = {**LOGINS, **(BACKUP_LOGINS if is_backed_up(settings.postgres) else {})}
    return (
        SecretConsumer(
            name=DATABASE,
            namespace=namespace,
            files={**_TLS, PATRONI_FILE: _PATRONI},
            tls_names=_instance_names(settings),
        ),
        SecretConsumer(
            name=DATABASE_CONFIGURE,
            namespace=namespace,
            files={
                **_TLS,
                PATRONI_FILE: _API,
                LOGINS_FILE: _logins(let_in),
                **_escrow(settings),
                **imports.secret_files(settings),
            },
            tls_names=(CONFIGURE,),
        ),
        SecretConsumer(name=DATABASE_EXPORTER, namespace=namespace, files=_monitor("settled")),
        *pooling,
        *_backup_consumers(settings),
    )


def _external_consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """Around somebody else's database: the Job that looks at it and makes the logins, and the exporter."""
    namespace, authority = settings.namespaces.data, external_database.primary_authority(settings)
    admin = {ADMIN_PASSWORD_FILE: f"{{{V.DATABASE_ADMIN_PASSWORD}}}"}
    return (
        SecretConsumer(
            name=DATABASE_CONFIGURE,
            namespace=namespace,
            files={**admin, LOGINS_FILE: _logins(CLIENT_LOGINS), **authority},
        ),
        SecretConsumer(name=DATABASE_EXPORTER, namespace=namespace, files={**_monitor(), **authority}),
    )


def _pooler_consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The pooler and its exporter."""
    namespace = settings.namespaces.data
    return (
        SecretConsumer(
            name=POOLER,
            namespace=namespace,
            files={**_TLS, USERLIST_FILE: _userlist(), **external_database.primary_authority(settings)},
            tls_names=(names.service_host(names.POSTGRES_POOLER, namespace), "localhost"),
        ),
        SecretConsumer(
            name=POOLER_EXPORTER,
            namespace=namespace,
            files={AUTHORITY_FILE: "{authority_certificate}", **_monitor()},
        ),
    )


def _instance_names(settings: PlatformSettings) -> tuple[str, ...]:
    namespace = settings.namespaces.data
    services = (names.POSTGRES, NODES_SERVICE, PRIMARY_SERVICE, REPLICA_SERVICE)
    return (
        *(names.service_host(service, namespace) for service in services),
        *instance_hosts(settings.postgres.instances, namespace),
        "localhost",
    )


def _escrow(settings: PlatformSettings) -> dict[str, str]:
    """The sealed keys that go into the database, and with it into every backup."""
    return {ESCROW_FILE: f"{{{V.KEY_ESCROW}}}"} if is_backed_up(settings.postgres) else {}


def _logins(let_in: Mapping[str, tuple[str, SecretValue]]) -> str:
    """One line for each login that is let in: role, login, password. Equal lines are one login."""
    return "".join(
        f"{role} {login(name, value, generation)} {{{path}}}\n"
        for name, (role, value) in let_in.items()
        for generation, path in (("", value), ("settled", f"{value}.settled"))
    )


def _userlist() -> str:
    """Whom the pooler lets in, and as whom it logs in itself."""
    return "".join(
        f'"{login(name, LOGINS[name][1], generation)}" "{{{path}}}"\n'
        for name in _POOLED
        for generation, path in (("", LOGINS[name][1]), ("settled", f"{LOGINS[name][1]}.settled"))
    )


def _monitor(generation: str = "") -> dict[str, str]:
    value = V.DATABASE_MONITOR_PASSWORD
    path = f"{value}.{generation}" if generation else value
    return {MONITOR_USER_FILE: login(names.MONITOR_USER, value, generation), MONITOR_PASSWORD_FILE: f"{{{path}}}"}


def _backup_consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """Who opens the store, who asks for backups, who opens the key escrow: none of them reads the Fernet key itself."""
    backup, namespace = settings.postgres.backup, settings.namespaces.data
    if backup.target is BackupTarget.NONE:
        return ()
    repository = {
        REPOSITORY_PASSPHRASE_FILE: f"{{{V.BACKUP_REPOSITORY_PASSPHRASE}}}",
        **_access_key(own_bucket(settings), V.BACKUP_ACCESS_KEY, V.BACKUP_SECRET_KEY),
    }
    authority = {AUTHORITY_FILE: _TLS[AUTHORITY_FILE]}
    asking = {
        **authority,
        BACKUP_USER_FILE: login(BACKUP_USER, V.DATABASE_BACKUP_PASSWORD),
        BACKUP_PASSWORD_FILE: f"{{{V.DATABASE_BACKUP_PASSWORD}}}",
    }
    files: dict[str, dict[str, str]] = {
        ARCHIVE: {**authority, **repository, **_source(settings)},
        BACKUP: asking,
        RESTORE_DRILL: {**asking, **repository, ESCROW_PASSPHRASE_FILE: "{backup_escrow_passphrase}"},
    }
    found = tuple(SecretConsumer(name=name, namespace=namespace, files=own) for name, own in files.items())
    return (*found, *_bundled_store(settings))


def _bundled_store(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The stack's own store: its certificate, and the one key that it lets in."""
    if settings.postgres.backup.bundled is None:
        return ()
    namespace = settings.namespaces.data
    return (object_store.consumer(BACKUP_STORE, namespace, V.BACKUP_ACCESS_KEY, V.BACKUP_SECRET_KEY),)


def _access_key(bucket: S3Settings | None, access_key: SecretValue, secret_key: SecretValue) -> dict[str, str]:
    """The key of a store, unless it takes none or lies in a Secret of the stack's own."""
    match bucket:
        case S3Settings(key_type=KeyType.SHARED, credentials_secret=None):
            return {ACCESS_KEY_FILE: f"{{{access_key}}}", SECRET_KEY_FILE: f"{{{secret_key}}}"}
        case _:
            return {}


def _source(settings: PlatformSettings) -> dict[str, str]:
    """What opens the store that the cluster is made from: what is given for it, or what opens this stack's own."""
    source = settings.postgres.restore_from
    if source is None:
        return {}
    given = V.RESTORE_REPOSITORY_PASSPHRASE in settings.credentials.given
    passphrase = V.RESTORE_REPOSITORY_PASSPHRASE if given else V.BACKUP_REPOSITORY_PASSPHRASE
    keys = (V.RESTORE_ACCESS_KEY, V.RESTORE_SECRET_KEY) if source.s3 else (V.BACKUP_ACCESS_KEY, V.BACKUP_SECRET_KEY)
    files = {
        REPOSITORY_PASSPHRASE_FILE: f"{{{passphrase}}}",
        **_access_key(restore.source_bucket(settings), *keys),
    }
    return {f"{SOURCE}{file}": text for file, text in files.items()}
