"""Where clients find the metadata database, ours or somebody else's."""

from components.contract import names
from components.contract.peers import Need, OutsideService
from components.contract.secrets import MOUNT_PATH
from settings.external import ExternalPostgresSettings
from settings.platform_settings import PlatformSettings

AUTHORITY_FILE = "database_ca.crt"
"""Certificates of the authority that signed an external database's: apart from the platform's own."""
AUTHORITY_PATH = f"{MOUNT_PATH}/{AUTHORITY_FILE}"
_OWN_AUTHORITY_PATH = f"{MOUNT_PATH}/ca.crt"


def external_database(settings: PlatformSettings) -> ExternalPostgresSettings | None:
    """The database that somebody else runs, None where it is ours."""
    postgres = settings.postgres
    return postgres.external if postgres.is_external else None


def primary_host(settings: PlatformSettings) -> str:
    """Host of the primary itself, around the pooler."""
    external = external_database(settings)
    own = names.service_host(names.postgres_primary_service(), settings.namespaces.data)
    return external.host if external else own


def primary_port(settings: PlatformSettings) -> int:
    """Its port."""
    external = external_database(settings)
    return external.port if external else names.POSTGRES_PORT


def database_name(settings: PlatformSettings) -> str:
    """Name of the database on the primary; the pooler calls it `names.DATABASE` always."""
    external = external_database(settings)
    return external.database if external else names.DATABASE


def primary_authority_path(settings: PlatformSettings) -> str:
    """Where the certificates lie by which the primary is verified."""
    return AUTHORITY_PATH if external_database(settings) else _OWN_AUTHORITY_PATH


def primary_authority(settings: PlatformSettings) -> dict[str, str]:
    """Template of the secret file with those of an external one; the platform's own travel anyway."""
    external = external_database(settings)
    return {AUTHORITY_FILE: external.authority} if external else {}


def primary_needs(settings: PlatformSettings) -> tuple[Need, ...]:
    """Whom a client of the primary talks to, where it is ours."""
    return () if external_database(settings) else (Need(workload=names.POSTGRES, port="postgresql"),)


def primary_services(settings: PlatformSettings) -> tuple[OutsideService, ...]:
    """The same where it is somebody else's."""
    external = external_database(settings)
    if external is None:
        return ()
    return (OutsideService(name=names.EXTERNAL_DATABASE, port=external.port, networks=tuple(external.networks)),)
