"""The dashboard of the ten required panels, as Grafana reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

_BROKER = "Broker: memory, clients"
_DATABASE = "PostgreSQL: connections and commits a second"
_WAITING = "Waiting: 95th percentile until queued, length of queues"
_WORKERS = "Workers: processor and memory"
_WIDTH = 12
_HEIGHT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel.

    Attributes:
        title: what it answers.
        unit: of the values, in Grafana's names.
        queries: legend to PromQL.
        kind: how it is drawn.
    """

    title: str
    unit: str
    queries: dict[str, str]
    kind: Literal["timeseries", "stat"] = "timeseries"


def _used_by(title: str, pods: str) -> Panel:
    """What pods use whose names begin so."""
    return Panel(
        title=title,
        unit="short",
        queries={
            "cores {{pod}}": f'sum by (pod) (rate(container_cpu_usage_seconds_total{{pod=~"{pods}-.*"}}[5m]))',
            "GiB {{pod}}": f'sum by (pod) (container_memory_working_set_bytes{{pod=~"{pods}-.*"}}) / 2^30',
        },
    )


PANELS: tuple[Panel, ...] = (
    Panel(
        title="Heartbeats a minute",
        unit="short",
        queries={
            "scheduler": "sum(rate(airflow_scheduler_heartbeat[5m])) * 60",
            "dag-processor": "sum(rate(airflow_dag_processor_heartbeat[5m])) * 60",
            "triggerer": "sum(rate(airflow_triggerer_heartbeat[5m])) * 60",
        },
    ),
    Panel(
        title="Task tries a minute, by end",
        unit="short",
        queries={"{{state}}": "sum by (state) (rate(airflow_ti_finish[5m])) * 60"},
    ),
    Panel(
        # Airflow's own `task_queued_duration` is never sent with the CeleryExecutor; the broker's list is the truth.
        title=_WAITING,
        unit="short",
        queries={
            "seconds until queued": "histogram_quantile(0.95, "
            "sum by (le) (rate(airflow_task_scheduled_duration_bucket[15m])))",
            "in queue {{key}}": 'max by (key) (redis_key_size{db="db0"})',
        },
    ),
    Panel(
        title="Task duration, 95th percentile by DAG",
        unit="s",
        queries={
            "{{dag_id}}": "histogram_quantile(0.95, sum by (le, dag_id) (rate(airflow_task_duration_bucket[15m])))"
        },
    ),
    Panel(
        title="Executor: running, queued, open slots",
        unit="short",
        queries={
            "running": "sum(airflow_executor_running_tasks)",
            "queued": "sum(airflow_executor_queued_tasks)",
            "open": "sum(airflow_executor_open_slots)",
        },
    ),
    Panel(
        title="Open slots by pool",
        unit="short",
        queries={"{{pool_name}}": "max by (pool_name) (airflow_pool_open_slots)"},
    ),
    Panel(
        title="Reading DAG files",
        unit="s",
        queries={
            "all files": "max(airflow_dag_processing_total_parse_time)",
            "import errors": "max(airflow_dag_processing_import_errors)",
        },
    ),
    _used_by(_WORKERS, "worker"),
    Panel(
        title=_DATABASE,
        unit="short",
        queries={
            "connections": "sum(pg_stat_activity_count)",
            "commits": 'sum(rate(pg_stat_database_xact_commit{datname="airflow"}[5m]))',
            "primaries": "sum(patroni_primary)",
        },
    ),
    Panel(
        title=_BROKER,
        unit="short",
        queries={
            "MiB": "max(redis_memory_used_bytes) / 2^20",
            "clients": "max(redis_connected_clients)",
            "commands a second": "sum(rate(redis_commands_processed_total[5m]))",
        },
    ),
)


_OF_EXTERNAL_BROKER: Mapping[str, Panel] = {
    _WAITING: Panel(
        title="Waiting: 95th percentile until queued, queued by pool",
        unit="short",
        queries={
            "seconds until queued": "histogram_quantile(0.95, "
            "sum by (le) (rate(airflow_task_scheduled_duration_bucket[15m])))",
            "queued in {{pool_name}}": "max by (pool_name) (airflow_pool_queued_slots)",
        },
    ),
    _BROKER: Panel(
        title="Broker: tasks not handed over in time, a minute",
        unit="short",
        queries={"not handed over": "sum(rate(airflow_celery_task_timeout_error[5m])) * 60"},
    ),
}
"""What takes the place of a panel of this title where the broker is somebody else's and nobody exports it."""


_WITHOUT_WORKERS: Mapping[str, Panel] = {
    _WAITING: _OF_EXTERNAL_BROKER[_WAITING],
    _WORKERS: _used_by("Schedulers and the tasks in them: processor and memory", "scheduler"),
}
"""The same where tasks run in the scheduler's pod; of a broker there is nothing to show."""


def _of_external_database(database: str) -> dict[str, Panel]:
    """The same where the database is: nobody tells who leads there, and its name is the stack's choice."""
    queries = {
        "connections": "sum(pg_stat_activity_count)",
        "commits": f'sum(rate(pg_stat_database_xact_commit{{datname="{database}"}}[5m]))',
    }
    return {_DATABASE: Panel(title=_DATABASE, unit="short", queries=queries)}


def panels(settings: PlatformSettings) -> tuple[Panel, ...]:
    """The panels of a stack."""
    database, has_workers = settings.postgres.external, settings.airflow.executor.has_workers
    instead = {
        **({} if has_workers else _WITHOUT_WORKERS),
        **(_OF_EXTERNAL_BROKER if settings.redis.mode is RedisMode.EXTERNAL else {}),
        **(_of_external_database(database.database) if database else {}),
    }
    return tuple(instead.get(panel.title, panel) for panel in PANELS if has_workers or panel.title != _BROKER)


def render(settings: PlatformSettings) -> dict[str, Any]:
    """The dashboard's JSON model."""
    environment = settings.environment.value
    return {
        "uid": f"airflow-platform-{environment}",
        "title": f"Airflow platform ({environment})",
        "tags": ["airflow-platform", environment],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels(settings))],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, 2)
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": expr, "legendFormat": legend}
            for place, (legend, expr) in enumerate(panel.queries.items())
        ],
    }
