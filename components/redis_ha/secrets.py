"""Who of RedisHA reads which secret, and what each user of the broker may do."""

from components.contract import names
from components.contract.secrets import SecretConsumer
from components.redis_ha import external
from components.redis_ha.names import (
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    MONITOR_USER,
    REPLICATION_USER,
    SENTINEL_USER,
    USERS_FILE,
    has_sentinels,
    node_services,
    sentinel_services,
)
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

NODE = names.VALKEY
EXPORTER = f"{names.VALKEY}-exporter"
SENTINEL = names.SENTINEL

REPLICATION_PASSWORD_FILE = "replication-password"  # noqa: S105 - the name of a file
SENTINEL_PASSWORD_FILE = "sentinel-password"  # noqa: S105 - the name of a file
MONITOR_PASSWORD_FILE = "monitor-password"  # noqa: S105 - the name of a file
EXPORTER_PASSWORDS_FILE = "passwords.json"
EXPORTER_TARGET = f"rediss://localhost:{names.VALKEY_PORT}"
_EXPORTER_ACCOUNT = f"rediss://{MONITOR_USER}@localhost:{names.VALKEY_PORT}"

_NOBODY = "user default off resetpass resetkeys resetchannels -@all\n"
# Nobody logs in as it on the nodes either, and who has not logged in may do nothing. But a node is it while it loads the file of its
# writes, and asks its permissions for each transaction (valkey-io/valkey#3983): without them each one since the last rewrite is left out.
_NOBODY_BUT_THE_NODE = "user default off resetpass ~* &* +@all\n"

# Clients are told of a new password after the servers, peers among each other are not: see `Rotated` in Credentials.
_AS_AIRFLOW = ">{broker_airflow_password} >{broker_airflow_password.settled}"
_AS_MONITOR = ">{broker_monitor_password} >{broker_monitor_password.settled}"
_AS_REPLICATION = ">{broker_replication_password.settled} >{broker_replication_password.other}"
_AS_SENTINEL = ">{broker_sentinel_password.settled} >{broker_sentinel_password.other}"

# All that a queue needs (lists, sorted sets, hashes, scripts, transactions, channels), nothing that rules the server.
_AIRFLOW = f"user {names.BROKER_USER} on {_AS_AIRFLOW} ~* &* +@all -@admin -@dangerous +info +role\n"
# Reads lengths and states, no contents and no configuration, where passwords stand.
_MONITOR = (
    f"user {MONITOR_USER} on {_AS_MONITOR} ~* resetchannels -@all +ping +auth +hello +select +info +role "
    "+type +llen +memory|usage +latency|latest +latency|histogram +slowlog|get +slowlog|len "
    "+client|setname +client|setinfo\n"
)
_REPLICATION = f"user {REPLICATION_USER} on {_AS_REPLICATION} resetchannels -@all +psync +replconf +ping\n"
_SENTINEL_ON_NODES = (
    f"user {SENTINEL_USER} on {_AS_SENTINEL} &* -@all +auth +hello +ping +info +role +multi +exec "
    "+slaveof +replicaof +failover +config|rewrite +publish +subscribe +script|kill "
    "+client|setname +client|setinfo +client|kill +client|pause +client|unpause\n"
)
_SENTINEL_ON_SENTINELS = f"user {SENTINEL_USER} on {_AS_SENTINEL} ~* &* +@all\n"
# Only the question who leads.
_AIRFLOW_ON_SENTINELS = (
    f"user {names.BROKER_USER} on {_AS_AIRFLOW} &* -@all +auth +hello +ping +subscribe +psubscribe "
    "+client|setname +client|setinfo +sentinel|get-master-addr-by-name +sentinel|masters +sentinel|master "
    "+sentinel|replicas +sentinel|slaves +sentinel|sentinels\n"
)
_MONITOR_ON_SENTINELS = (
    f"user {MONITOR_USER} on {_AS_MONITOR} resetchannels -@all +auth +hello +ping +info +role "
    "+client|setname +client|setinfo +sentinel|masters +sentinel|ckquorum\n"
)

_TLS = {
    CERTIFICATE_FILE: "{tls_certificate}",
    KEY_FILE: "{tls_private_key}",
    AUTHORITY_FILE: "{authority_certificate}",
}


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The data nodes, their exporter, and the Sentinels; or who looks at somebody else's broker; nobody without workers."""
    if not settings.airflow.executor.has_workers:
        return ()
    if settings.redis.mode is RedisMode.EXTERNAL:
        return external.consumers(settings)
    found = (_node(settings), _exporter(settings))
    return (*found, _sentinel(settings)) if has_sentinels(settings) else found


def _node(settings: PlatformSettings) -> SecretConsumer:
    """A data node under Sentinels also asks them who leads, and its leader for the data."""
    asking = {
        REPLICATION_PASSWORD_FILE: "{broker_replication_password.settled}",
        SENTINEL_PASSWORD_FILE: "{broker_sentinel_password.settled}",
    }
    replicated = has_sentinels(settings)
    users = _NOBODY_BUT_THE_NODE + _AIRFLOW + _MONITOR + (_REPLICATION + _SENTINEL_ON_NODES if replicated else "")
    return SecretConsumer(
        name=NODE,
        namespace=settings.namespaces.data,
        files={
            **_TLS,
            USERS_FILE: users,
            MONITOR_PASSWORD_FILE: "{broker_monitor_password}",
            **(asking if replicated else {}),
        },
        tls_names=_tls_names(settings, (names.VALKEY, *node_services(settings))),
    )


def _exporter(settings: PlatformSettings) -> SecretConsumer:
    return SecretConsumer(
        name=EXPORTER,
        namespace=settings.namespaces.data,
        files={
            AUTHORITY_FILE: "{authority_certificate}",
            EXPORTER_PASSWORDS_FILE: f'{{{{"{_EXPORTER_ACCOUNT}": "{{broker_monitor_password}}"}}}}',
        },
    )


def _sentinel(settings: PlatformSettings) -> SecretConsumer:
    return SecretConsumer(
        name=SENTINEL,
        namespace=settings.namespaces.data,
        files={
            **_TLS,
            USERS_FILE: _NOBODY + _SENTINEL_ON_SENTINELS + _AIRFLOW_ON_SENTINELS + _MONITOR_ON_SENTINELS,
            SENTINEL_PASSWORD_FILE: "{broker_sentinel_password.settled}",
            MONITOR_PASSWORD_FILE: "{broker_monitor_password}",
        },
        tls_names=_tls_names(settings, (names.SENTINEL, *sentinel_services(settings))),
    )


def _tls_names(settings: PlatformSettings, services: tuple[str, ...]) -> tuple[str, ...]:
    return (*(names.service_host(service, settings.namespaces.data) for service in services), "localhost")
