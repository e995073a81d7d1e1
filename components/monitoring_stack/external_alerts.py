"""Alerts about services that somebody else runs."""

from collections.abc import Mapping

from components.monitoring_stack.alert import Alert, Severity

OF_EXTERNAL_BROKER: Mapping[str, Alert] = {
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

OF_EXTERNAL_DATABASE: Mapping[str, Alert] = {
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
