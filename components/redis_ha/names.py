"""Names, ports and paths that the parts of RedisHA share."""

from components.contract import names
from components.contract.secrets import MOUNT_PATH
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

COMPONENT = "redis-ha"
"""Value of the label `app.kubernetes.io/component`."""

NODES_SERVICE = f"{names.VALKEY}-nodes"
SENTINEL_NODES_SERVICE = f"{names.SENTINEL}-nodes"
"""Headless Services that a StatefulSet asks for; nobody connects through them."""

VALKEY_UID = 10030
EXPORTER_UID = 10080
EXPORTER_PORT = 9121

REPLICATION_USER = "replication"
SENTINEL_USER = "sentinel"
MONITOR_USER = names.MONITOR_USER

DATA_PATH = "/data"
CONFIG_PATH = "/etc/valkey"
RUNTIME_PATH = "/run/valkey"
"""In memory: the configuration with passwords, which Valkey and Sentinel rewrite as roles change."""

CERTIFICATE_FILE = "tls.crt"
KEY_FILE = "tls.key"
AUTHORITY_FILE = "ca.crt"
USERS_FILE = "users.acl"
CERTIFICATE_PATH = f"{MOUNT_PATH}/{CERTIFICATE_FILE}"
KEY_PATH = f"{MOUNT_PATH}/{KEY_FILE}"
AUTHORITY_PATH = f"{MOUNT_PATH}/{AUTHORITY_FILE}"
USERS_PATH = f"{MOUNT_PATH}/{USERS_FILE}"


def has_sentinels(settings: PlatformSettings) -> bool:
    """True for a primary with replicas and Sentinels."""
    return settings.redis.mode is RedisMode.SENTINEL


def nodes(settings: PlatformSettings) -> int:
    """Data nodes."""
    return names.BROKER_NODES if has_sentinels(settings) else 1


def node_services(settings: PlatformSettings) -> tuple[str, ...]:
    """The Service of each data node under Sentinels.

    A node is announced by it: its name stays when the pod goes, and Sentinel stalls on a name that does not resolve.
    """
    return tuple(f"{names.VALKEY}-{ordinal}" for ordinal in range(nodes(settings))) if has_sentinels(settings) else ()


def sentinel_services(settings: PlatformSettings) -> tuple[str, ...]:
    """The Service of each Sentinel."""
    return (
        tuple(f"{names.SENTINEL}-{ordinal}" for ordinal in range(names.BROKER_NODES)) if has_sentinels(settings) else ()
    )
