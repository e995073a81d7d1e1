"""The alerts. One list, from which the plain rule file, the operator's object and the runbook index come."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from settings.backup import BackupTarget
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

RUNBOOKS = "docs/runbooks"


class Severity(StrEnum):
    """How soon somebody must look; each has a receiver of its own."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule.

    Attributes:
        name: in CamelCase; its runbook is `docs/runbooks/<name>.md`.
        expr: PromQL; fires for every series that it returns.
        hold: how long it must hold, as Prometheus writes durations.
        severity: how soon somebody must look.
        component: which component it is about.
        summary: one line, may use labels.
        of_backups: only where there are any.
        of_declared: only where the stack declares objects inside Airflow.
        of_bundles: only where DAGs come from Git.
    """

    name: str
    expr: str
    hold: str
    severity: Severity
    component: str
    summary: str
    of_backups: bool = False
    of_declared: bool = False
    of_bundles: bool = False

    def rule(self, environment: str) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.hold,
            "labels": {"severity": self.severity.value, "component": self.component, "environment": environment},
            "annotations": {"summary": self.summary, "runbook": f"{RUNBOOKS}/{self.name}.md"},
        }


def _silent(heartbeat: str) -> str:
    """No heartbeat for five minutes, whether the series stands still or is gone.

    The window is longer than the interval of any heartbeat times the scrape interval's largest setting.
    """
    return f"sum(rate({heartbeat}[5m])) == 0 or absent_over_time({heartbeat}[10m])"


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
        expr="max(airflow_platform_archive_failing) > 0 or max(airflow_platform_archive_age_seconds) > 600",
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
    ),
    Alert(
        name="QueueStill",
        # By queue only where a task waits at all: the gauge of a scheduler that is gone stands still for an hour.
        expr="sum by (queue) (airflow_ti_queued) > 0 and on () sum(airflow_pool_queued_slots) > 0"
        " unless on (queue) sum by (queue) (airflow_ti_running) > 0",
        hold="10m",
        severity=Severity.HIGH,
        component="celery-workers",
        summary="Tasks wait in the queue {{ $labels.queue }} and none runs there: no worker takes from it",
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
    ),
    Alert(
        name="WorkersScalerFallback",
        expr="max by (queue) (airflow_workers_scaler_fallback) == 1",
        hold="5m",
        severity=Severity.MEDIUM,
        component="celery-workers",
        summary="A signal that scales the workers of the queue {{ $labels.queue }} cannot be read",
    ),
    Alert(
        name="WorkersScaleInHeld",
        expr="max by (queue, reason) (airflow_workers_scale_in_held) == 1",
        hold="30m",
        severity=Severity.MEDIUM,
        component="celery-workers",
        summary="Trouble with the {{ $labels.reason }} has kept the queue {{ $labels.queue }} from shrinking for half an hour",
    ),
    Alert(
        name="WorkerDrainStuck",
        expr="max by (queue) (airflow_workers_draining_share_of_grace) > 0.9",
        hold="0m",
        severity=Severity.HIGH,
        component="celery-workers",
        summary="A stopping worker of the queue {{ $labels.queue }} is about to be killed with a task running",
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
        name="VolumeFilling",
        expr="min by (namespace, persistentvolumeclaim)"
        " (kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) < 0.15",
        hold="10m",
        severity=Severity.HIGH,
        component="foundation",
        summary="The volume {{ $labels.persistentvolumeclaim }} is over 85 % full",
    ),
    Alert(
        name="TargetDown",
        expr="up == 0",
        hold="5m",
        severity=Severity.HIGH,
        component="monitoring-stack",
        summary="Prometheus cannot read the metrics of {{ $labels.workload }} ({{ $labels.instance }})",
    ),
)


_OF_EXTERNAL_BROKER: Mapping[str, Alert] = {
    alert.name: alert
    for alert in (
        Alert(
            name="BrokerDown",
            # Nobody exports somebody else's broker; the scheduler counts what it could not hand over in time.
            expr="sum(increase(airflow_celery_task_timeout_error[2m])) > 0",
            hold="1m",
            severity=Severity.CRITICAL,
            component="redis-ha",
            summary="The scheduler cannot hand tasks to the broker: no task reaches a worker",
        ),
        Alert(
            name="QueueLong",
            expr="max by (pool_name) (airflow_pool_queued_slots) > 100",
            hold="10m",
            severity=Severity.HIGH,
            component="celery-workers",
            summary="Over 100 tasks of the pool {{ $labels.pool_name }} have waited for a worker for ten minutes",
        ),
    )
}
"""What takes the place of the alert of the same name where the broker is somebody else's."""

_OF_EXTERNAL_DATABASE: Mapping[str, Alert] = {
    alert.name: alert
    for alert in (
        Alert(
            name="PostgresNoPrimary",
            # Nobody tells who leads there: what counts is whether it answers, and takes writes.
            expr="max(pg_up) < 1 or absent(pg_up) or min(pg_replication_is_replica) == 1",
            hold="1m",
            severity=Severity.CRITICAL,
            component="postgres-ha",
            summary="The external PostgreSQL does not answer or takes no writes: nothing can be written",
        ),
        Alert(
            name="PostgresConnectionsHigh",
            expr="sum(pg_stat_activity_count) / max(pg_settings_max_connections) > 0.8",
            hold="5m",
            severity=Severity.MEDIUM,
            component="postgres-ha",
            summary="The external PostgreSQL uses over four fifths of its connections",
        ),
    )
}
"""The same where the database is."""


def alerts(settings: PlatformSettings) -> tuple[Alert, ...]:
    """The alerts of a stack: none about what it does not have."""
    without = {
        "of_backups": settings.postgres.backup.target is BackupTarget.NONE,
        "of_declared": settings.airflow.declared is None,
        "of_bundles": not settings.airflow.bundles,
    }
    instead = {
        **(_OF_EXTERNAL_BROKER if settings.redis.mode is RedisMode.EXTERNAL else {}),
        **(_OF_EXTERNAL_DATABASE if settings.postgres.is_external else {}),
    }
    return tuple(
        instead.get(alert.name, alert)
        for alert in ALERTS
        if not any(getattr(alert, kind) for kind, is_missing in without.items() if is_missing)
    )


def groups(settings: PlatformSettings) -> dict[str, Any]:
    """The rules as Prometheus reads them: one group."""
    rules = [alert.rule(settings.environment.value) for alert in alerts(settings)]
    return {"groups": [{"name": "airflow-platform", "rules": rules}]}


def by_name() -> Mapping[str, Alert]:
    """The alerts by name."""
    return {alert.name: alert for alert in ALERTS}
