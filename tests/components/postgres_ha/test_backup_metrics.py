"""From which age something is too old follows from what the stack file says."""

from typing import Any

import pytest
import yaml

from components.postgres_ha.backup_metrics import queries
from settings.backup import BackupSettings
from settings.load import parse
from tests.settings.stack_files import changed, values_of

DAY = 24 * 3600


def too_old(key: str, value: Any, metrics: str) -> str:
    backup: BackupSettings = parse(changed(values_of("staging"), f"postgres.backup.{key}", value)).postgres.backup
    text = yaml.safe_load(queries(backup))[f"airflow_platform_{metrics}"]["query"]
    return text.partition("SELECT *, ")[2].partition("::double precision AS max_age_seconds")[0]


@pytest.mark.parametrize(
    ("key", "value", "metrics", "seconds"),
    [
        ("archiveTimeoutSeconds", 30, "archive", 630),
        ("archiveTimeoutSeconds", 20, "archive", 620),
        ("verifySchedule", "0 3 * * *", "backup_verify", 2 * DAY),
        ("diffSchedule", "0 */6 * * *", "backup_state", 8 * 3600),
    ],
)
def test_too_old_is_what_comes_later_than_stated(key: str, value: Any, metrics: str, seconds: int) -> None:
    assert too_old(key, value, metrics) == str(seconds)


def test_without_a_schedule_no_restore_drill_is_too_old() -> None:
    assert too_old("drill.schedule", None, "restore_drill") == "'Infinity'"
