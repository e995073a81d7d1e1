"""Who of PostgresHA reads which secret, in what form."""

from components.contract import names
from components.contract.secrets import SecretConsumer
from components.postgres_ha.names import (
    API_USER,
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
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
DATABASE_EXPORTER = f"{names.POSTGRES}-exporter"
POOLER = names.POSTGRES_POOLER
POOLER_EXPORTER = f"{names.POSTGRES_POOLER}-exporter"

PATRONI_FILE = "patroni.yml"
AIRFLOW_PASSWORD_FILE = "airflow-password"  # noqa: S105 - the name of a file
MONITOR_PASSWORD_FILE = "monitor-password"  # noqa: S105 - the name of a file
USERLIST_FILE = "userlist.txt"

_PATRONI = f"""\
restapi:
  authentication:
    username: {API_USER}
    password: '{{patroni_api_password}}'
postgresql:
  authentication:
    superuser:
      username: {SUPERUSER}
      password: '{{database_superuser_password}}'
    replication:
      username: {REPLICATION_USER}
      password: '{{database_replication_password}}'
    rewind:
      username: {REWIND_USER}
      password: '{{database_rewind_password}}'
"""

_USERLIST = f"""\
"{names.DATABASE_USER}" "{{database_airflow_password}}"
"{names.MONITOR_USER}" "{{database_monitor_password}}"
"""

_TLS = {
    CERTIFICATE_FILE: "{tls_certificate}",
    KEY_FILE: "{tls_private_key}",
    AUTHORITY_FILE: "{authority_certificate}",
}


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The instances, their exporter, the pooler and its exporter."""
    namespace = settings.namespaces.data
    services = (names.POSTGRES, NODES_SERVICE, PRIMARY_SERVICE, REPLICA_SERVICE)
    return (
        SecretConsumer(
            name=DATABASE,
            namespace=namespace,
            files={
                **_TLS,
                PATRONI_FILE: _PATRONI,
                AIRFLOW_PASSWORD_FILE: "{database_airflow_password}",
                MONITOR_PASSWORD_FILE: "{database_monitor_password}",
            },
            tls_names=(
                *(names.service_host(service, namespace) for service in services),
                *instance_hosts(settings.postgres.instances, namespace),
                "localhost",
            ),
        ),
        SecretConsumer(
            name=DATABASE_EXPORTER,
            namespace=namespace,
            files={MONITOR_PASSWORD_FILE: "{database_monitor_password}"},
        ),
        SecretConsumer(
            name=POOLER,
            namespace=namespace,
            files={**_TLS, USERLIST_FILE: _USERLIST},
            tls_names=(names.service_host(names.POSTGRES_POOLER, namespace), "localhost"),
        ),
        SecretConsumer(
            name=POOLER_EXPORTER,
            namespace=namespace,
            files={AUTHORITY_FILE: "{authority_certificate}", MONITOR_PASSWORD_FILE: "{database_monitor_password}"},
        ),
    )
