"""A database that is filled from another Airflow's: what the configuring Job is told, where it goes, its login."""

from components.contract.peers import OutsideService
from components.contract.secrets import MOUNT_PATH, SecretValue
from settings.imports import ImportSettings
from settings.platform_settings import PlatformSettings

SERVICE = "import-source"
"""What network edges call the source."""
SCRIPT = "import.sh"
TOLD_FILE = "import.conf"
"""One line each: how the source is reached, what the marker says, who may be there besides."""
PASSWORD_FILE = "import-password"  # noqa: S105 - the name of a file
AUTHORITY_FILE = "import-ca.crt"
_PUBLIC_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_CONNECT_SECONDS = 10


def services(settings: PlatformSettings) -> tuple[OutsideService, ...]:
    """The source as the network sees it; none where there is none."""
    source = settings.postgres.import_from
    if source is None:
        return ()
    return (OutsideService(name=SERVICE, port=source.port, networks=tuple(source.networks)),)


def secret_files(settings: PlatformSettings) -> dict[str, str]:
    """What opens the source."""
    source = settings.postgres.import_from
    if source is None:
        return {}
    authority = {AUTHORITY_FILE: source.authority} if source.authority else {}
    return {PASSWORD_FILE: f"{{{SecretValue.IMPORT_PASSWORD}}}", **authority}


def told(source: ImportSettings) -> str:
    """What `import.sh` reads."""
    writers = "writers" if source.allow_writers else ""
    return f"{_connection(source)}\n{_origin(source)}\n{writers}\n"


def _connection(source: ImportSettings) -> str:
    """For libpq; without the password."""
    authority = f"{MOUNT_PATH}/{AUTHORITY_FILE}" if source.authority else _PUBLIC_AUTHORITIES
    parts = {
        "host": source.host,
        "port": str(source.port),
        "dbname": source.database,
        "user": source.user,
        "sslmode": "verify-full",
        "sslrootcert": authority,
        "connect_timeout": str(_CONNECT_SECONDS),
        "application_name": "airflow-platform-import",
    }
    return " ".join(f"{key}={_quoted(value)}" for key, value in parts.items())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _origin(source: ImportSettings) -> str:
    return f"{source.host}:{source.port}/{source.database}"
