"""Who of PostgresHA reads which secret, in what form."""

from collections.abc import Mapping

from components.contract import names
from components.contract.secrets import SecretConsumer, SecretValue, login
from components.postgres_ha.names import (
    API_USER,
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
    CONFIGURE,
    KEY_FILE,
    NODES_SERVICE,
    PRIMARY_SERVICE,
    REPLICA_SERVICE,
    REPLICATION_USER,
    REWIND_USER,
    SUPERUSER,
    instance_hosts,
)
from settings.platform_settings import PlatformSettings

DATABASE = names.POSTGRES
DATABASE_CONFIGURE = CONFIGURE
DATABASE_EXPORTER = f"{names.POSTGRES}-exporter"
POOLER = names.POSTGRES_POOLER
POOLER_EXPORTER = f"{names.POSTGRES_POOLER}-exporter"

PATRONI_FILE = "patroni.yml"
LOGINS_FILE = "logins"
MONITOR_USER_FILE = "monitor-user"
MONITOR_PASSWORD_FILE = "monitor-password"  # noqa: S105 - the name of a file
USERLIST_FILE = "userlist.txt"

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

LOGINS: Mapping[str, tuple[str, SecretValue]] = {
    names.DATABASE_OWNER_LOGIN: (names.DATABASE_OWNER, V.DATABASE_OWNER_PASSWORD),
    names.DATABASE_APP: (names.DATABASE_APP, V.DATABASE_AIRFLOW_PASSWORD),
    names.DATABASE_READER: (names.DATABASE_READER, V.DATABASE_READER_PASSWORD),
    names.MONITOR_USER: (names.MONITOR_USER, V.DATABASE_MONITOR_PASSWORD),
    REPLICATION_USER: (REPLICATION_USER, V.DATABASE_REPLICATION_PASSWORD),
    REWIND_USER: (REWIND_USER, V.DATABASE_REWIND_PASSWORD),
}
"""Beginning of a login's name to the role that it belongs to and its password."""

_POOLED = (names.DATABASE_APP, names.MONITOR_USER)

_TLS = {
    CERTIFICATE_FILE: "{tls_certificate}",
    KEY_FILE: "{tls_private_key}",
    AUTHORITY_FILE: "{authority_certificate}",
}


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The instances, the Job that configures them, their exporter, the pooler and its exporter."""
    namespace = settings.namespaces.data
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
            files={**_TLS, PATRONI_FILE: _API, LOGINS_FILE: _logins()},
            tls_names=(CONFIGURE,),
        ),
        SecretConsumer(name=DATABASE_EXPORTER, namespace=namespace, files=_monitor("settled")),
        SecretConsumer(
            name=POOLER,
            namespace=namespace,
            files={**_TLS, USERLIST_FILE: _userlist()},
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


def _logins() -> str:
    """One line for each login that is let in: role, login, password. Equal lines are one login."""
    return "".join(
        f"{role} {login(name, value, generation)} {{{path}}}\n"
        for name, (role, value) in LOGINS.items()
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
