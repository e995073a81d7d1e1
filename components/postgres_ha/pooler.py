"""PgBouncer's configuration."""

from components.contract import external_database, names
from components.contract.secrets import MOUNT_PATH, logins
from components.postgres_ha.names import AUTHORITY_PATH, CERTIFICATE_PATH, KEY_PATH
from components.postgres_ha.secrets import USERLIST_FILE
from settings.platform_settings import PlatformSettings

# A pool can outlive its primary's role: cut off, demoted and restarted read-only it would answer reads and fail every
# write for ever. A connection that finds itself there ends itself; an error would only be logged.
_LEAVE_STANDBY = "SELECT pg_terminate_backend(pg_backend_pid()) WHERE pg_is_in_recovery()"


def pooler_config(platform: PlatformSettings) -> str:
    """`pgbouncer.ini`: transaction mode, TLS on both sides, quick to notice and to try again."""
    settings = platform.postgres.pooler
    options: dict[str, str | int] = {
        "listen_addr": "*",
        "listen_port": names.POSTGRES_PORT,
        "unix_socket_dir": "",
        "pool_mode": "transaction",
        "max_prepared_statements": 200,
        "default_pool_size": settings.pool_size,
        "max_db_connections": settings.pool_size,
        "max_client_conn": settings.max_client_connections,
        "ignore_startup_parameters": "extra_float_digits",
        "auth_type": "scram-sha-256",
        "auth_file": f"{MOUNT_PATH}/{USERLIST_FILE}",
        "stats_users": ", ".join(logins(names.MONITOR_USER)),
        "client_tls_sslmode": "require",
        "client_tls_cert_file": CERTIFICATE_PATH,
        "client_tls_key_file": KEY_PATH,
        "client_tls_ca_file": AUTHORITY_PATH,
        "server_tls_sslmode": "verify-full",
        "server_tls_ca_file": external_database.primary_authority_path(platform),
        "server_login_retry": "0.3",
        # One connection at a time is opened: what waits for an address that does not answer keeps all others waiting.
        "server_connect_timeout": 2,
        "server_idle_timeout": 60,
        # A primary that hangs still confirms bytes, so that no keepalive ends what waits for it. Whatever waits longer
        # than a standby takes to lead (`ttl`) is ended; a connection that rested is tried before a client gets it.
        "query_timeout": settings.query_timeout_seconds,
        "server_check_delay": 2,
        "server_lifetime": 1800,
        "query_wait_timeout": 60,
        "tcp_keepidle": 5,
        "tcp_keepintvl": 2,
        "tcp_keepcnt": 3,
        "tcp_user_timeout": 5000,
        "log_connections": 0,
        "log_disconnections": 0,
        "log_stats": 0,
    }
    database = (
        f"{names.DATABASE} = host={external_database.primary_host(platform)} "
        f"port={external_database.primary_port(platform)} dbname={external_database.database_name(platform)} "
        f"connect_query='{_LEAVE_STANDBY}'"
    )
    lines = ["[databases]", database, "", "[pgbouncer]", *(f"{key} = {value}" for key, value in options.items())]
    return "\n".join(lines) + "\n"
