"""What the Job that removes old rows decides, and how it is run."""

import json
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from components.airflow_core.manifests.cleaning import BACKUP_SLACK_HOURS, told
from settings.backup import BackupTarget
from settings.cleaning import CleaningSettings
from tests.components.airflow_core.programs import load_asset
from tests.components.airflow_core.test_component import build
from tests.harness import kubernetes, record_program, settings_of

NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def clean() -> ModuleType:
    return load_asset("clean")


def hours_ago(hours: float) -> float:
    return (NOW - timedelta(hours=hours)).timestamp()


def test_rows_go_only_when_a_backup_holds_them(clean: ModuleType) -> None:
    assert clean.too_old(hours_ago(3.9), NOW, 28) == ""
    assert clean.too_old(hours_ago(28.1), NOW, 28) == "the newest full backup ended 28 hours ago, and 28 are allowed"
    assert clean.too_old(None, NOW, 28) == "there is no full backup"


def test_only_its_own_tables_go_and_only_when_their_time_is_over(clean: ModuleType) -> None:
    old, new = "_airflow_deleted__log__20261110053001__b12", "_airflow_deleted__log__20261121053000"
    assert clean.outlived([old, new, "precious"], NOW, 7) == [old]
    assert clean.outlived([old, new, "precious"], NOW, 0) == [old, new]


def test_the_command_fails_loudly_and_says_what_is_kept(clean: ModuleType) -> None:
    words = clean.command({"keep_days": 90, "archive_days": 0, "batch_size": 500, "tables": ["log", "xcom"]}, NOW)
    assert words == [
        *("airflow", "db", "clean", "--yes", "--error-on-cleanup-failure"),
        *("--clean-before-timestamp", "2026-08-24T05:30:00+00:00", "--batch-size", "500"),
        *("--skip-archive", "--tables", "log,xcom"),
    ]
    kept = clean.command({"keep_days": 90, "archive_days": 7, "batch_size": 500, "tables": []}, NOW)
    assert "--skip-archive" not in kept
    assert "--tables" not in kept


def test_the_job_is_bounded_alone_and_after_the_migration() -> None:
    recording = record_program(build, "prod")
    (job,) = kubernetes(recording, "CronJob").values()
    spec, pod = job["spec"], job["spec"]["jobTemplate"]["spec"]
    assert spec["schedule"] == "30 5 * * *"
    assert spec["concurrencyPolicy"] == "Forbid"
    assert pod["activeDeadlineSeconds"] == 7200
    assert pod["backoffLimit"] == 0
    assert job["metadata"]["annotations"]["airflow-platform/waits-for"].startswith("migration-")
    (container,) = pod["template"]["spec"]["containers"]
    assert json.loads(container["args"][2])["backup_hours"] == 24 + BACKUP_SLACK_HOURS


def test_without_backups_it_asks_for_none() -> None:
    settings = settings_of("dev")
    postgres: Any = settings.postgres.model_copy(
        update={"backup": settings.postgres.backup.model_copy(update={"target": BackupTarget.NONE})}
    )
    assert told(settings, CleaningSettings())["backup_hours"] == 28
    assert told(settings.model_copy(update={"postgres": postgres}), CleaningSettings())["backup_hours"] == 0
