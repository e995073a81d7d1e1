"""Configuration of Valkey and of the Sentinels, without passwords."""

from components.contract import names
from components.redis_ha.names import (
    AUTHORITY_PATH,
    CERTIFICATE_PATH,
    DATA_PATH,
    KEY_PATH,
    REPLICATION_USER,
    RUNTIME_PATH,
    SENTINEL_USER,
    USERS_PATH,
    has_sentinels,
)
from settings.platform_settings import PlatformSettings
from settings.quantities import parse_bytes

Options = dict[str, str | int]

QUORUM = 2
DOWN_AFTER_MILLISECONDS = 4000
"""Without a valid answer; the Sentinels ask every second. With what follows (the vote, the clients' own times) the queue
moves again within 15 s of a leader that hangs."""
FAILOVER_TIMEOUT_MILLISECONDS = 30000


def valkey_config(settings: PlatformSettings) -> str:
    """`valkey.conf`: TLS only, users from a file, nothing is ever evicted, every second of writes on disk."""
    redis = settings.redis
    options: Options = {
        "port": 0,
        "tls-port": names.VALKEY_PORT,
        **_transport(),
        "aclfile": USERS_PATH,
        "dir": DATA_PATH,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory": parse_bytes(redis.max_memory),
        # A queue that throws away what does not fit loses tasks in silence; an error is seen and repeated.
        "maxmemory-policy": "noeviction",
        "maxclients": redis.max_clients,
        "latency-monitor-threshold": 100,
    }
    return _text({**options, **(_replication() if has_sentinels(settings) else {})})


def _replication() -> Options:
    """A primary that no replica follows takes no writes: cut off, it would acknowledge what is lost with it."""
    return {
        "replica-announce-port": names.VALKEY_PORT,
        "masteruser": REPLICATION_USER,
        "min-replicas-to-write": 1,
        "min-replicas-max-lag": 10,
        "repl-backlog-size": "16mb",
        "repl-diskless-sync-delay": 0,
    }


def sentinel_config() -> str:
    """`sentinel.conf` up to the line that names the primary; how names are told comes before anything names a host."""
    return _text(
        {
            "port": 0,
            "tls-port": names.SENTINEL_PORT,
            **_transport(),
            "aclfile": USERS_PATH,
            "dir": RUNTIME_PATH,
            "sentinel resolve-hostnames": "yes",
            "sentinel announce-hostnames": "yes",
            "sentinel announce-port": names.SENTINEL_PORT,
            "sentinel sentinel-user": SENTINEL_USER,
        }
    )


def watch_config() -> str:
    """What follows that line: how the primary is watched and replaced."""
    master = names.SENTINEL_MASTER
    return _text(
        {
            f"sentinel auth-user {master}": SENTINEL_USER,
            f"sentinel down-after-milliseconds {master}": DOWN_AFTER_MILLISECONDS,
            f"sentinel failover-timeout {master}": FAILOVER_TIMEOUT_MILLISECONDS,
            f"sentinel parallel-syncs {master}": 1,
        }
    )


def _transport() -> Options:
    """TLS on the port and towards the others; who connects shows a password, not a certificate."""
    return {
        "bind": "* -::*",
        "protected-mode": "no",
        "tls-cert-file": CERTIFICATE_PATH,
        "tls-key-file": KEY_PATH,
        "tls-ca-cert-file": AUTHORITY_PATH,
        "tls-auth-clients": "no",
        "tls-replication": "yes",
        "tls-protocols": '"TLSv1.2 TLSv1.3"',
        "tcp-keepalive": 30,
    }


def _text(options: Options) -> str:
    return "".join(f"{key} {value}\n" for key, value in options.items())
