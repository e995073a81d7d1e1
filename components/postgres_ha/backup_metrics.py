"""What the exporter tells of backups, archive and drills: queries over the tables that the runner and the drills keep."""

from typing import Any

import yaml

from components.postgres_ha.names import SCHEMA
from settings.backup import BackupSettings
from settings.cron import longest_gap

QUERIES_FILE = "queries.yml"

_BACKUP_SLACK_SECONDS = 2 * 3600
"""A backup takes its time and may be tried again before anybody is called."""
_ARCHIVE_SLACK_SECONDS = 600
"""A store that restarts, or a change of the leader, holds the archive up for some minutes."""
_DAY_SECONDS = 24 * 3600
"""As long may a restore drill, or a look at every file, be late."""


def queries(backup: BackupSettings) -> str:
    """`queries.yml` of the exporter; ages that are too much follow from the schedules."""
    schedules = [backup.full_schedule, *([backup.diff_schedule] if backup.diff_schedule else [])]
    drill = backup.drill.schedule
    drill_age = longest_gap(drill) * 60 + _DAY_SECONDS if drill else None
    documents: dict[str, Any] = {
        f"{SCHEMA}_backup": _query(
            f"SELECT * FROM {SCHEMA}.backup_metrics",  # noqa: S608 - a name of ours
            "kind",
            last_timestamp_seconds="End of the newest backup of this kind",
            last_duration_seconds="How long it took",
            last_database_bytes="Size of the database in it",
            last_stored_bytes="What it added to the store",
            kept="Backups of this kind in the store",
        ),
        f"{SCHEMA}_backup_state": _query(
            _with_age("state_metrics", longest_gap(*schedules) * 60 + _BACKUP_SLACK_SECONDS),
            max_age_seconds="Age from which the newest backup is too old, from the schedules",
            failing="1 while the last thing that the runner did went wrong",
            read_timestamp_seconds="When the store was asked last",
        ),
        f"{SCHEMA}_archive": _query(
            _with_age("archive_metrics", backup.archive_timeout_seconds + _ARCHIVE_SLACK_SECONDS),
            max_age_seconds="Age from which the last segment is too old, from the setting",
            age_seconds="Since the last segment of the log reached the archive",
            failing="1 while the last try to archive a segment failed",
            waiting_segments="Segments that wait for the archive",
            waiting_seconds="How long the oldest of them has waited",
        ),
        f"{SCHEMA}_backup_verify": _query(
            _with_age("verify_metrics", longest_gap(backup.verify_schedule) * 60 + _DAY_SECONDS),
            last_success_timestamp_seconds="End of the last look at every file of the store that found all of them whole",
            failed="1 while the last look found something wrong",
            max_age_seconds="Age from which the last good look is too old, from its schedule",
        ),
        f"{SCHEMA}_restore_drill": _query(
            _with_age("drill_metrics", drill_age),
            last_success_timestamp_seconds="End of the last restore drill that succeeded",
            data_loss_seconds="What a restore lost in that drill",
            restore_seconds="How long the restore took in that drill",
            failed="1 while the last drill failed",
            max_age_seconds="Age from which the last good drill is too old, from its schedule",
        ),
    }
    return yaml.safe_dump(documents, sort_keys=False, width=160)


def _with_age(view: str, seconds: int | None) -> str:
    age = "'Infinity'" if seconds is None else str(seconds)
    return f"SELECT *, {age}::double precision AS max_age_seconds FROM {SCHEMA}.{view}"  # noqa: S608 - all ours


def _query(sql: str, *labels: str, **gauges: str) -> dict[str, Any]:
    metrics = [{name: {"usage": "LABEL", "description": name}} for name in labels]
    metrics += [{name: {"usage": "GAUGE", "description": text}} for name, text in gauges.items()]
    return {"query": sql, "metrics": metrics}
