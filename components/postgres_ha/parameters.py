"""PostgreSQL's parameters, derived from memory, connections and volume."""

from components.postgres_ha import backup
from components.postgres_ha.names import AUTHORITY_PATH, CERTIFICATE_PATH, KEY_PATH
from settings.postgres import PostgresSettings
from settings.postgres_memory import AUTOVACUUM_WORKERS, MIB, PostgresMemory, postgres_memory
from settings.quantities import parse_bytes

Parameters = dict[str, str | int]


def agreed_parameters(settings: PostgresSettings) -> Parameters:
    """Parameters that must be equal on all instances, or that a promotion changes, which is to restart none of them."""
    return {
        "max_connections": settings.max_connections,
        "max_worker_processes": 8,
        "max_wal_senders": 10,
        "max_replication_slots": 10,
        "max_prepared_transactions": 0,
        "max_locks_per_transaction": 64,
        "wal_level": "replica",
        "wal_retrieve_retry_interval": _looks_every(settings),
    }


def local_parameters(settings: PostgresSettings) -> Parameters:
    """Parameters that an instance takes from its own configuration, so that a rollout brings them in."""
    return {
        **_memory(postgres_memory(parse_bytes(settings.resources.limits.memory), settings.max_connections)),
        **_write_ahead_log(parse_bytes(settings.storage.size)),
        **_archive(settings),
        **_transport(),
        "password_encryption": "scram-sha-256",
        "idle_in_transaction_session_timeout": "10min",
        # A frozen standby counts for the quorum until this passes.
        "wal_sender_timeout": "15s",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_lock_waits": "on",
        "log_min_duration_statement": "1s",
        "log_autovacuum_min_duration": "10s",
    }


def _looks_every(settings: PostgresSettings) -> str:
    """A standby that lost its leader looks for the next one every second: commits wait for it to follow.

    Each look asks the archive too, so one instance, or a stack that lives on an archive, keeps PostgreSQL's five.
    """
    loses_leaders = settings.instances > 1 and not settings.is_standby
    return "1s" if loses_leaders else "5s"


def _memory(memory: PostgresMemory) -> Parameters:
    return {
        "shared_buffers": _kib(memory.shared_buffers),
        "work_mem": _kib(memory.work_mem),
        "hash_mem_multiplier": 1,
        "maintenance_work_mem": _kib(memory.maintenance_work_mem),
        "autovacuum_work_mem": _kib(memory.autovacuum_work_mem),
        "autovacuum_max_workers": AUTOVACUUM_WORKERS,
        "effective_cache_size": _kib(memory.effective_cache_size),
        # A query stays in one process and within one `work_mem`; Airflow's are short.
        "max_parallel_workers_per_gather": 0,
        "max_parallel_maintenance_workers": 0,
        # The image brings no LLVM.
        "jit": "off",
    }


def _write_ahead_log(volume: int) -> Parameters:
    """The log's shares of the volume: at most 1/8 between checkpoints, 1/16 kept for standbys, 1/4 for their slots.

    1/4 and 1/8 together leave more than half for data, whatever a standby that is away does.
    """
    return {
        "min_wal_size": _mib(min(80 * MIB, volume // 16)),
        "max_wal_size": _mib(min(4096 * MIB, volume // 8)),
        "wal_keep_size": _mib(min(1024 * MIB, volume // 16)),
        "max_slot_wal_keep_size": _mib(min(10240 * MIB, volume // 4)),
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "wal_compression": "lz4",
    }


def _archive(settings: PostgresSettings) -> Parameters:
    """On from the start, since turning it on takes a restart; without a store there is nothing to archive to."""
    archive: Parameters = {"archive_mode": "on", "archive_command": backup.archive_command(settings)}
    if backup.is_backed_up(settings):
        archive["archive_timeout"] = f"{settings.backup.archive_timeout_seconds}s"
    return archive


def _transport() -> Parameters:
    return {
        "ssl": "on",
        "ssl_cert_file": CERTIFICATE_PATH,
        "ssl_key_file": KEY_PATH,
        "ssl_ca_file": AUTHORITY_PATH,
        "ssl_min_protocol_version": "TLSv1.2",
        "tcp_keepalives_idle": 30,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": "20s",
        "client_connection_check_interval": "10s",
    }


def _kib(count: int) -> str:
    return f"{count // 1024}kB"


def _mib(count: int) -> str:
    return f"{count // MIB}MB"
