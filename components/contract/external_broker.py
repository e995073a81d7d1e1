"""What clients know of a broker that somebody else runs."""

from urllib.parse import quote

from components.contract import names
from components.contract.peers import OutsideService
from components.contract.secrets import MOUNT_PATH
from settings.external import ExternalRedisSettings
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

AUTHORITY_FILE = "broker_ca.crt"
"""Certificates of the authority that signed the broker's: apart from the platform's own, which signs for all the rest."""
PUBLIC_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""The public authorities in the image of Airflow."""


def external_broker(settings: PlatformSettings) -> ExternalRedisSettings | None:
    """The broker that somebody else runs, None where it is ours."""
    redis = settings.redis
    return redis.external if redis.mode is RedisMode.EXTERNAL else None


def external_broker_service(broker: ExternalRedisSettings) -> OutsideService:
    """As the network sees it."""
    return OutsideService(name=names.EXTERNAL_BROKER, port=broker.port, networks=tuple(broker.networks))


def external_broker_url(broker: ExternalRedisSettings, database: int) -> str:
    """Template of its URL; a password of somebody else's making may hold any character."""
    login = f"{quote(broker.user, safe='')}:{{broker_airflow_password:url}}"
    return f"rediss://{login}@{broker.host}:{broker.port}/{database}"


def authority_path(broker: ExternalRedisSettings) -> str:
    """Where the certificates lie by which its clients verify it."""
    return f"{MOUNT_PATH}/{AUTHORITY_FILE}" if broker.authority else PUBLIC_AUTHORITIES
