"""Which secret files scaling reads: the log-in of a role that may read a few columns of the tasks' table."""

import json

from components.contract import external_database, names
from components.contract.secrets import SecretConsumer, SecretValue, login
from settings.platform_settings import PlatformSettings

AUTHENTICATION = "autoscaler"
"""Consumer whose Secret a KEDA of the cluster's own reads, and name of the object that names it."""
AUTHENTICATION_FILE = "autoscaler.json"
"""For the KEDA that we bring: it reads the log-in from its own files and no Secret of the stack."""
CONNECTION = "connection"
"""Under this name KEDA's scaler expects it."""
DATABASE_FILE = "database"

CERTIFICATE_FILE = "tls.crt"
KEY_FILE = "tls.key"
AUTHORITY_FILE = "ca.crt"

_TLS = {
    CERTIFICATE_FILE: "{tls_certificate}",
    KEY_FILE: "{tls_private_key}",
    AUTHORITY_FILE: "{authority_certificate}",
}


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The drain controller and KEDA; nobody where no queue is scaled."""
    workers, airflow = settings.workers, settings.namespaces.airflow
    if not workers.scaled_queues:
        return ()
    drain = SecretConsumer(
        name=names.DRAIN_CONTROLLER,
        namespace=airflow,
        files={
            DATABASE_FILE: _connection(settings, external_database.primary_authority_path(settings)),
            AUTHORITY_FILE: "{authority_certificate}",
            **external_database.primary_authority(settings),
        },
    )
    if not workers.brings_keda:
        connection = _connection(settings, workers.keda.authority_file)
        return (drain, SecretConsumer(name=AUTHENTICATION, namespace=airflow, files={CONNECTION: connection}))
    return (drain, *_keda(settings))


def _keda(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    namespace = settings.workers.keda.namespace
    login = json.dumps({CONNECTION: _connection(settings, external_database.primary_authority_path(settings))})
    # The braces of the document itself are doubled; those within are the template's.
    document = f"{{{login}}}"
    return (
        SecretConsumer(
            name=names.KEDA_OPERATOR,
            namespace=namespace,
            files={**_TLS, AUTHENTICATION_FILE: document, **external_database.primary_authority(settings)},
            tls_names=(names.service_host(names.KEDA_OPERATOR, namespace),),
        ),
        SecretConsumer(
            name=names.KEDA_ADAPTER,
            namespace=namespace,
            files=_TLS,
            # The API server asks by the short name.
            tls_names=(f"{names.KEDA_ADAPTER}.{namespace}.svc", names.service_host(names.KEDA_ADAPTER, namespace)),
        ),
    )


def _connection(settings: PlatformSettings, authority_file: str) -> str:
    """Straight to the primary: a pooler in transaction mode keeps no prepared statement."""
    parts = {
        "host": external_database.primary_host(settings),
        "port": str(external_database.primary_port(settings)),
        "dbname": external_database.database_name(settings),
        "user": login(names.DATABASE_READER, SecretValue.DATABASE_READER_PASSWORD),
        "password": f"{{{SecretValue.DATABASE_READER_PASSWORD}}}",
        "connect_timeout": "5",
        "sslmode": "verify-full",
        "sslrootcert": authority_file,
    }
    return " ".join(f"{key}={value}" for key, value in parts.items())
