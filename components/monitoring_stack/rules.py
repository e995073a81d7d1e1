"""The alerts. One list, from which the plain rule file, the operator's object and the runbook index come."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from string import Template
from typing import Any

from components.monitoring_stack.alert import Alert, Severity
from components.monitoring_stack.external_alerts import OF_EXTERNAL_BROKER, OF_EXTERNAL_DATABASE
from settings.backup import BackupTarget
from settings.executor import Executor
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode


def _silent(heartbeat: str) -> str:
    """No heartbeat for five minutes, whether the series stands still or is gone.

    The window is longer than the interval of any heartbeat times the scrape interval's largest setting.
    """
    return f"sum(rate({heartbeat}[5m])) == 0 or absent_over_time({heartbeat}[10m])"


_ARCHIVE_WAITS_SECONDS = 120
"""As long may a segment of the log wait for the archive; sending one takes a second or less."""

ALERTS: tuple[Alert, ...] = (
    Alert(
        name="AirflowSchedulerDown",
        expr=_silent("airflow_scheduler_heartbeat"),
        hold="2m",
        severity=Severity.CRITICAL,
        component="airflow-core",
        summary="No scheduler has sent a heartbeat for five minutes: no task is started",
    ),
    Alert(
        name="AirflowDagProcessorDown",
        expr=_silent("airflow_dag_processor_heartbeat"),
        hold="5m",
        severity=Severity.CRITICAL,
        component="airflow-core",
        summary="No dag-processor has sent a heartbeat for five minutes: changed DAGs are not read",
    ),
    Alert(
        name="AirflowTriggererDown",
        expr=_silent("airflow_triggerer_heartbeat"),
        hold="5m",
        severity=Severity.HIGH,
        component="airflow-core",
        summary="No triggerer has sent a heartbeat for five minutes: deferred tasks do not wake up",
    ),
    Alert(
        name="PostgresNoPrimary",
        expr="sum(patroni_primary) < 1 or absent(patroni_primary)",
        hold="1m",
        severity=Severity.CRITICAL,
        component="postgres-ha",
        summary="No PostgreSQL instance is primary: nothing can be written",
    ),
    Alert(
        name="StandbyNotFollowing",
        expr="max(patroni_standby_leader) < 1 or absent(patroni_standby_leader)",
        hold="5m",
        severity=Severity.HIGH,
        component="postgres-ha",
        summary="No instance of the standby replays the archive of the stack that it follows",
        of_standby=True,
    ),
    Alert(
        name="StandbyBehind",
        # A time that no commit was replayed before (0) is as far behind as any.
        expr="time() - patroni_xlog_replayed_timestamp > 600",
        hold="5m",
        severity=Severity.HIGH,
        component="postgres-ha",
        summary="{{ $labels.pod }} of the standby is over ten minutes behind: the archive that it follows gets nothing, or it "
        "cannot read it",
        of_standby=True,
    ),
    Alert(
        name="PostgresConnectionsHigh",
        expr="sum by (pod) (pg_stat_activity_count) / max by (pod) (pg_settings_max_connections) > 0.8",
        hold="5m",
        severity=Severity.MEDIUM,
        component="postgres-ha",
        summary="{{ $labels.pod }} uses over four fifths of its connections",
    ),
    Alert(
        name="BackupTooOld",
        # Also where nothing tells of a backup at all: the runner may never have got as far.
        expr="time() - max(airflow_platform_backup_last_timestamp_seconds) > max(airflow_platform_backup_state_max_age_seconds)"
        " or absent_over_time(airflow_platform_backup_last_timestamp_seconds[15m])",
        hold="15m",
        severity=Severity.HIGH,
        component="postgres-ha",
        summary="The newest backup of the metadata database is older than its schedule allows, or there is none",
        of_backups=True,
    ),
    Alert(
        name="BackupDamaged",
        expr="max(airflow_platform_backup_verify_failed) > 0 or time()"
        " - max(airflow_platform_backup_verify_last_success_timestamp_seconds)"
        " > max(airflow_platform_backup_verify_max_age_seconds)",
        hold="5m",
        severity=Severity.HIGH,
        component="postgres-ha",
        summary="A file of the backup store is damaged or missing, or nobody has looked for longer than the schedule allows",
        of_backups=True,
    ),
    Alert(
        name="WalArchiveFailing",
        # A store that hangs fails no try for minutes: there the oldest segment tells. Where nothing is written, the age does.
        expr="max(airflow_platform_archive_failing) > 0"
        f" or max(airflow_platform_archive_waiting_seconds) > {_ARCHIVE_WAITS_SECONDS}"
        " or max(airflow_platform_archive_age_seconds) > max(airflow_platform_archive_max_age_seconds)",
        hold="5m",
        severity=Severity.HIGH,
        component="postgres-ha",
        summary="The write-ahead log does not reach the archive: it fills the volume, and a restore would lose what waits",
        of_backups=True,
    ),
    Alert(
        name="RestoreDrillFailed",
        expr="max(airflow_platform_restore_drill_failed) > 0 or time()"
        " - max(airflow_platform_restore_drill_last_success_timestamp_seconds)"
        " > max(airflow_platform_restore_drill_max_age_seconds)",
        hold="5m",
        severity=Severity.HIGH,
        component="postgres-ha",
        summary="The last restore drill failed, or none has succeeded for longer than its schedule allows",
        of_backups=True,
    ),
    Alert(
        name="BrokerDown",
        expr="max(redis_up) < 1 or absent(redis_up)",
        hold="1m",
        severity=Severity.CRITICAL,
        component="redis-ha",
        summary="No instance of the broker answers: no task reaches a worker",
        of_workers=True,
    ),
    Alert(
        name="TaskFailureRateHigh",
        expr="sum(increase(airflow_ti_failures[15m]))"
        " / (sum(increase(airflow_ti_failures[15m])) + sum(increase(airflow_ti_successes[15m]))) > 0.1"
        " and sum(increase(airflow_ti_failures[15m])) >= 5",
        hold="5m",
        severity=Severity.HIGH,
        component="airflow-core",
        summary="Over a tenth of the task tries of the last 15 minutes failed",
    ),
    Alert(
        name="QueueLong",
        expr='max by (key) (redis_key_size{db="db0"}) > 100',
        hold="10m",
        severity=Severity.HIGH,
        component="celery-workers",
        summary="Over 100 tasks have waited in the queue {{ $labels.key }} for ten minutes",
        of_workers=True,
    ),
    Alert(
        name="QueueStill",
        # By queue only where a task waits at all: the gauge of a scheduler that is gone stands still for an hour.
        expr="sum by (queue) (airflow_ti_queued) > 0 and on () sum(airflow_pool_queued_slots) > 0"
        " unless on (queue) sum by (queue) (airflow_ti_running) > 0",
        hold="10m",
        severity=Severity.HIGH,
        component="celery-workers",
        summary="Tasks wait in the queue {{ $labels.queue }} and none runs there: no worker takes from it, or no pod starts",
        of_waiting=True,
    ),
    Alert(
        name="PoolClosed",
        expr="max by (pool_name) (airflow_pool_scheduled_slots) > 0"
        " and on (pool_name) max by (pool_name) (airflow_pool_open_slots) <= 0"
        " unless on (pool_name) max by (pool_name)"
        " (airflow_pool_running_slots + airflow_pool_queued_slots + airflow_pool_deferred_slots) > 0",
        hold="10m",
        severity=Severity.MEDIUM,
        component="airflow-core",
        summary="Tasks wait for the pool {{ $labels.pool_name }}, which has no slots",
    ),
    Alert(
        name="WorkersScalerDown",
        expr="min by (queue) (airflow_workers_scaler_ready) == 0",
        hold="5m",
        severity=Severity.HIGH,
        component="celery-workers",
        summary="Nothing scales the workers of the queue {{ $labels.queue }}: their number stays as it is",
        of_workers=True,
    ),
    Alert(
        name="WorkersScalerFallback",
        expr="max by (queue) (airflow_workers_scaler_fallback) == 1",
        hold="5m",
        severity=Severity.MEDIUM,
        component="celery-workers",
        summary="A signal that scales the workers of the queue {{ $labels.queue }} cannot be read",
        of_workers=True,
    ),
    Alert(
        name="WorkersScaleInHeld",
        expr="max by (queue, reason) (airflow_workers_scale_in_held) == 1",
        hold="30m",
        severity=Severity.MEDIUM,
        component="celery-workers",
        summary="Trouble with the {{ $labels.reason }} has kept the queue {{ $labels.queue }} from shrinking for half an hour",
        of_workers=True,
    ),
    Alert(
        name="WorkerDrainStuck",
        expr="max by (queue) (airflow_workers_draining_share_of_grace) > 0.9",
        hold="0m",
        severity=Severity.HIGH,
        component="celery-workers",
        summary="A stopping worker of the queue {{ $labels.queue }} is about to be killed with a task running",
        of_workers=True,
    ),
    Alert(
        name="TaskLong",
        expr="sum by (dag_id, task_id) (increase(airflow_task_duration_count[30m]))"
        ' - sum by (dag_id, task_id) (increase(airflow_task_duration_bucket{le="3600"}[30m])) > 0',
        hold="0m",
        severity=Severity.LOW,
        component="celery-workers",
        summary="A run of {{ $labels.dag_id }}.{{ $labels.task_id }} took over an hour",
    ),
    Alert(
        name="DagProcessingSlow",
        expr="max(airflow_dag_processing_total_parse_time) > 300",
        hold="5m",
        severity=Severity.MEDIUM,
        component="airflow-core",
        summary="Reading all DAG files takes over five minutes",
    ),
    Alert(
        name="DagImportErrors",
        expr="max(airflow_dag_processing_import_errors) > 0",
        hold="10m",
        severity=Severity.MEDIUM,
        component="airflow-core",
        summary="{{ $value }} DAG files cannot be imported",
    ),
    Alert(
        name="DagFileHangs",
        expr="sum by (file_path) (increase(airflow_dag_processing_processor_timeouts[15m])) > 1",
        hold="5m",
        severity=Severity.MEDIUM,
        component="airflow-core",
        summary="Reading {{ $labels.file_path }} does not end and is given up each time",
    ),
    Alert(
        name="BundleNotRefreshed",
        # The window is longer than the longest interval between two looks; a series that is gone had an hour to be seen.
        expr="sum by (bundle) (rate(airflow_bundle_refreshed[20m])) == 0 or absent_over_time(airflow_bundle_refreshed[20m])",
        hold="5m",
        severity=Severity.HIGH,
        component="airflow-core",
        summary="DAGs of the bundle {{ $labels.bundle }} have not been looked for in Git for twenty minutes",
        of_bundles=True,
    ),
    Alert(
        name="DeclaredDrift",
        # Also where nobody has looked for longer than any schedule allows.
        expr="max(airflow_declared_drift) > 0 or absent_over_time(airflow_declared_drift[90m])",
        hold="15m",
        severity=Severity.LOW,
        component="airflow-core",
        summary="Pools, variables or connections are not as the stack file declares them, or nobody has looked",
        of_declared=True,
    ),
    Alert(
        name="CertificatesExpiring",
        expr="vector(time()) > $certificates_end - 30 * 86400",
        hold="5m",
        severity=Severity.HIGH,
        component="credentials",
        summary="The platform's certificates end within 30 days: then nobody inside it talks to anybody",
        everywhere=True,
    ),
    Alert(
        name="VolumeFilling",
        expr="min by (namespace, persistentvolumeclaim)"
        " (kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) < 0.15",
        hold="10m",
        severity=Severity.HIGH,
        component="foundation",
        summary="The volume {{ $labels.persistentvolumeclaim }} is over 85 % full",
        everywhere=True,
    ),
    Alert(
        name="TargetDown",
        expr="up == 0",
        hold="5m",
        severity=Severity.HIGH,
        component="monitoring-stack",
        summary="Prometheus cannot read the metrics of {{ $labels.workload }} ({{ $labels.instance }})",
        everywhere=True,
    ),
)


def alerts(settings: PlatformSettings) -> tuple[Alert, ...]:
    """The alerts of a stack: none about what it does not have."""
    if settings.postgres.is_standby:
        chosen = tuple(alert for alert in ALERTS if alert.of_standby or alert.everywhere)
    else:
        chosen = _of_platform(settings)
    names = {"certificates_end": str(_certificates_end(settings))}
    return tuple(replace(alert, expr=Template(alert.expr).substitute(names)) for alert in chosen)


def _of_platform(settings: PlatformSettings) -> tuple[Alert, ...]:
    without = {
        "of_standby": True,
        "of_backups": settings.postgres.backup.target is BackupTarget.NONE,
        "of_declared": settings.airflow.declared is None,
        "of_bundles": not settings.airflow.bundles,
        "of_workers": not settings.airflow.executor.has_workers,
        "of_waiting": settings.airflow.executor is Executor.LOCAL,
    }
    instead = {
        **(OF_EXTERNAL_BROKER if settings.redis.mode is RedisMode.EXTERNAL else {}),
        **(OF_EXTERNAL_DATABASE if settings.postgres.is_external else {}),
    }
    return tuple(
        instead.get(alert.name, alert)
        for alert in ALERTS
        if not any(getattr(alert, kind) for kind, is_missing in without.items() if is_missing)
    )


def _certificates_end(settings: PlatformSettings) -> int:
    """Seconds since 1970 at which the first of the stack's certificates ends."""
    return int(datetime.combine(settings.credentials.authority.last_day, time(), UTC).timestamp())


def groups(settings: PlatformSettings) -> dict[str, Any]:
    """The rules as Prometheus reads them: one group."""
    rules = [alert.rule(settings.environment.value) for alert in alerts(settings)]
    return {"groups": [{"name": "airflow-platform", "rules": rules}]}


def by_name() -> Mapping[str, Alert]:
    """The alerts by name."""
    return {alert.name: alert for alert in ALERTS}
