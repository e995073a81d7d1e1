"""Every alert fires when it should and is silent when it should, judged by promtool."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from components.monitoring_stack import rules
from components.monitoring_stack.alert import Severity
from components.monitoring_stack.rules import ALERTS
from settings.load import parse
from settings.platform_settings import PlatformSettings
from settings.stack import AuthoritySettings
from tests.settings.external import BUNDLE, with_broker, with_database
from tests.settings.stack_files import ROOT, changed, values_of

PROMTOOL = shutil.which("promtool")

HOUR = '{dag_id="etl",task_id="load",%s}'
PROCESS = "0+1x60"
"""A counter that rises every minute."""
STILL = "7x60"
"""A counter that stands still."""

RUNNING = {'airflow_ti_running{queue="default",dag_id="etl",task_id="load"}': "2x60"}


def archive(age: int, waiting: int = 0) -> dict[str, str]:
    """An archive that may be 630 seconds old, and how long something has waited for it."""
    ages = {"age": age, "max_age": 630, "waiting": waiting}
    return {f'airflow_platform_archive_{name}_seconds{{pod="a"}}': f"{seconds}x60" for name, seconds in ages.items()}


Cases = dict[str, tuple[dict[str, str], dict[str, str]]]

# Alert to (series while it fires, series while it is silent), each metric with its values a minute.
CASES: Cases = {
    "AirflowSchedulerDown": ({"airflow_scheduler_heartbeat": STILL}, {"airflow_scheduler_heartbeat": PROCESS}),
    "DeclaredDrift": ({"airflow_declared_drift": "2x60"}, {"airflow_declared_drift": "0x60"}),
    "AirflowDagProcessorDown": ({}, {"airflow_dag_processor_heartbeat": PROCESS}),
    "AirflowTriggererDown": ({"airflow_triggerer_heartbeat": STILL}, {"airflow_triggerer_heartbeat": PROCESS}),
    "PostgresNoPrimary": (
        {'patroni_primary{pod="postgres-0"}': "0x60"},
        {'patroni_primary{pod="postgres-0"}': "1x60", 'patroni_primary{pod="postgres-1"}': "0x60"},
    ),
    "PostgresConnectionsHigh": (
        {'pg_stat_activity_count{pod="a",state="idle"}': "90x60", 'pg_settings_max_connections{pod="a"}': "100x60"},
        {'pg_stat_activity_count{pod="a",state="idle"}': "70x60", 'pg_settings_max_connections{pod="a"}': "100x60"},
    ),
    "BackupTooOld": (
        {
            'airflow_platform_backup_last_timestamp_seconds{kind="full",pod="a"}': "-8500x60",
            "airflow_platform_backup_state_max_age_seconds": "9000x60",
        },
        {
            'airflow_platform_backup_last_timestamp_seconds{kind="full",pod="a"}': "-7000x60",
            'airflow_platform_backup_last_timestamp_seconds{kind="diff",pod="a"}': "-6000x60",
            "airflow_platform_backup_state_max_age_seconds": "9000x60",
        },
    ),
    "BackupDamaged": (
        {
            "airflow_platform_backup_verify_failed": "0x20 1x40",
            "airflow_platform_backup_verify_last_success_timestamp_seconds": "0x60",
            "airflow_platform_backup_verify_max_age_seconds": "90000000000x60",
        },
        {
            "airflow_platform_backup_verify_failed": "0x20 1x10 0x30",
            "airflow_platform_backup_verify_last_success_timestamp_seconds": "0x60",
            "airflow_platform_backup_verify_max_age_seconds": "90000000000x60",
        },
    ),
    "WalArchiveFailing": (
        {'airflow_platform_archive_failing{pod="a"}': "1x60", **archive(age=70)},
        {'airflow_platform_archive_failing{pod="a"}': "0x60", **archive(age=630)},
    ),
    "RestoreDrillFailed": (
        {
            "airflow_platform_restore_drill_failed": "0x60",
            "airflow_platform_restore_drill_last_success_timestamp_seconds": "-8500x60",
            "airflow_platform_restore_drill_max_age_seconds": "9000x60",
        },
        {
            "airflow_platform_restore_drill_failed": "0x60",
            "airflow_platform_restore_drill_last_success_timestamp_seconds": "-8500x60",
            "airflow_platform_restore_drill_max_age_seconds": "90000000000x60",
        },
    ),
    "BrokerDown": ({'redis_up{pod="valkey-0"}': "0x60"}, {'redis_up{pod="valkey-0"}': "1x60"}),
    "TaskFailureRateHigh": (
        {"airflow_ti_failures": "0+2x60", "airflow_ti_successes": "0+8x60"},
        {"airflow_ti_failures": "0+1x60", "airflow_ti_successes": "0+20x60"},
    ),
    "QueueLong": (
        {'redis_key_size{db="db0",key="default"}': "101x60"},
        {'redis_key_size{db="db0",key="default"}': "100x60"},
    ),
    "QueueStill": (
        {'airflow_ti_queued{queue="nowhere"}': "1x60", 'airflow_pool_queued_slots{pool_name="a"}': "1x60"} | RUNNING,
        {'airflow_ti_queued{queue="default"}': "1x60", 'airflow_pool_queued_slots{pool_name="a"}': "1x60"} | RUNNING,
    ),
    "PoolClosed": (
        {'airflow_pool_scheduled_slots{pool_name="a"}': "1x60", 'airflow_pool_open_slots{pool_name="a"}': "0x60"}
        | {f'airflow_pool_{state}_slots{{pool_name="a"}}': "0x60" for state in ("running", "queued", "deferred")},
        {'airflow_pool_scheduled_slots{pool_name="a"}': "1x60", 'airflow_pool_open_slots{pool_name="a"}': "0x60"}
        | {f'airflow_pool_{state}_slots{{pool_name="a"}}': "1x60" for state in ("running", "queued", "deferred")},
    ),
    "WorkersScalerDown": (
        {'airflow_workers_scaler_ready{queue="default"}': "0x60"},
        {'airflow_workers_scaler_ready{queue="default"}': "1x60"},
    ),
    "WorkersScalerFallback": (
        {'airflow_workers_scaler_fallback{queue="default"}': "1x60"},
        {'airflow_workers_scaler_fallback{queue="default"}': "0x60"},
    ),
    "WorkersScaleInHeld": (
        {'airflow_workers_scale_in_held{queue="default",reason="database"}': "1x60"},
        {'airflow_workers_scale_in_held{queue="default",reason="database"}': "0x20 1x20 0x20"},
    ),
    "WorkerDrainStuck": (
        {'airflow_workers_draining_share_of_grace{queue="default"}': "0+0.0205x60"},
        {'airflow_workers_draining_share_of_grace{queue="default"}': "0+0.0195x60"},
    ),
    "TaskLong": (
        {
            "airflow_task_duration_count" + HOUR % "": "0x40 1x20",
            "airflow_task_duration_bucket" + HOUR % 'le="3600"': "0x60",
        },
        {
            "airflow_task_duration_count" + HOUR % "": "0x40 1x20",
            "airflow_task_duration_bucket" + HOUR % 'le="3600"': "0x40 1x20",
        },
    ),
    "DagProcessingSlow": (
        {"airflow_dag_processing_total_parse_time": "301x60"},
        {"airflow_dag_processing_total_parse_time": "300x60"},
    ),
    "DagImportErrors": (
        {"airflow_dag_processing_import_errors": "1x60"},
        {"airflow_dag_processing_import_errors": "0x60"},
    ),
    "DagFileHangs": (
        {'airflow_dag_processing_processor_timeouts{file_path="etl.py"}': PROCESS},
        {'airflow_dag_processing_processor_timeouts{file_path="etl.py"}': STILL},
    ),
    "BundleNotRefreshed": (
        {'airflow_bundle_refreshed{bundle="a"}': "0+1x60", 'airflow_bundle_refreshed{bundle="b"}': "0+1x10 10x50"},
        {
            'airflow_bundle_refreshed{bundle="a"}': "0+1x60",
            'airflow_bundle_refreshed{bundle="b"}': "0+1x25 25x15 26x20",
        },
    ),
    "VolumeFilling": (
        {
            'kubelet_volume_stats_available_bytes{namespace="d",persistentvolumeclaim="p"}': "14x60",
            'kubelet_volume_stats_capacity_bytes{namespace="d",persistentvolumeclaim="p"}': "100x60",
        },
        {
            'kubelet_volume_stats_available_bytes{namespace="d",persistentvolumeclaim="p"}': "16x60",
            'kubelet_volume_stats_capacity_bytes{namespace="d",persistentvolumeclaim="p"}': "100x60",
        },
    ),
    "TargetDown": ({'up{workload="valkey",instance="x"}': "0x60"}, {'up{workload="valkey",instance="x"}': "1x60"}),
}


# The other reasons of an alert that has several.
OTHERWISE: tuple[Cases, ...] = (
    {"WalArchiveFailing": (archive(age=631), archive(age=630))},
    {"WalArchiveFailing": (archive(age=70, waiting=121), archive(age=70, waiting=120))},
)


# In a stack that follows another one's archive, which asks nothing about Airflow.
OF_STANDBY: Cases = {
    "StandbyNotFollowing": (
        {'patroni_standby_leader{pod="postgres-0"}': "1x10 0x50"},
        {'patroni_standby_leader{pod="postgres-0"}': "0x60", 'patroni_standby_leader{pod="postgres-1"}': "1x60"},
    ),
    "StandbyBehind": (
        {
            'patroni_xlog_replayed_timestamp{pod="postgres-0"}': "0+60x60",
            'patroni_xlog_replayed_timestamp{pod="postgres-1"}': "0+60x10 600x50",
        },
        {
            'patroni_xlog_replayed_timestamp{pod="postgres-0"}': "0+60x60",
            'patroni_xlog_replayed_timestamp{pod="postgres-1"}': "0+60x60",
        },
    ),
}
EVERYWHERE = {"CertificatesExpiring", "VolumeFilling", "TargetDown"}
BY_DATE = "CertificatesExpiring"


# The same where the broker is somebody else's.
OF_EXTERNAL_BROKER: Cases = {
    "BrokerDown": ({"airflow_celery_task_timeout_error": PROCESS}, {"airflow_celery_task_timeout_error": STILL}),
    "QueueLong": (
        {'airflow_pool_queued_slots{pool_name="default_pool"}': "101x60"},
        {'airflow_pool_queued_slots{pool_name="default_pool"}': "100x60"},
    ),
}


# The same where the database is.
OF_EXTERNAL_DATABASE: Cases = {
    "PostgresNoPrimary": (
        {"pg_up": "1x60", "pg_replication_is_replica": "1x60"},
        {"pg_up": "1x60", "pg_replication_is_replica": "0x60"},
    ),
    "PostgresConnectionsHigh": (
        {
            'pg_stat_activity_count{datname="a"}': "50x60",
            'pg_stat_activity_count{datname="b"}': "40x60",
            "pg_settings_max_connections": "100x60",
        },
        {'pg_stat_activity_count{datname="a"}': "50x60", "pg_settings_max_connections": "100x60"},
    ),
}


def test_every_alert_has_a_firing_and_a_silent_case() -> None:
    assert {*CASES, *OF_STANDBY, BY_DATE} == {alert.name for alert in ALERTS}


def test_names_are_unique_and_every_alert_has_a_runbook() -> None:
    assert len(rules.by_name()) == len(ALERTS)
    missing = [alert.name for alert in ALERTS if not (ROOT / "docs" / "runbooks" / f"{alert.name}.md").exists()]
    assert missing == []
    # Pages about an operation, such as a failover, begin with a small letter.
    pages = {page.stem for page in (ROOT / "docs" / "runbooks").glob("[A-Z]*.md") if page.stem != "README"}
    assert pages == {alert.name for alert in ALERTS}


def test_what_the_requirements_ask_to_be_critical_is_critical() -> None:
    critical = {alert.name for alert in ALERTS if alert.severity is Severity.CRITICAL}
    assert {"AirflowSchedulerDown", "PostgresNoPrimary", "BrokerDown"} <= critical


def whole(values: dict[str, Any]) -> PlatformSettings:
    """With everything that has an alert of its own."""
    return parse(changed(changed(values, "airflow.declared", {}), "airflow.bundles", {"team": BUNDLE}))


@pytest.fixture(scope="module")
def rule_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.yml"
    path.write_text(json.dumps(rules.groups(whole(values_of("prod")))))
    return path


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL, "promtool is missing: `make test` installs it"
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False)


def unit_test(
    rule_file: Path, folder: Path, fires: dict[str, list[str]], cases: Cases = CASES
) -> subprocess.CompletedProcess[str]:
    """One promtool file with all cases; `fires` says for each alert which of its two cases must fire."""
    tests: list[dict[str, Any]] = []
    for name, (firing, silent) in cases.items():
        for kind, series in (("firing", firing), ("silent", silent)):
            # A series of no meaning, so that the case without any of its own still has time passing.
            inputs = [{"series": key, "values": values} for key, values in {**series, "clock": "1x60"}.items()]
            expression = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > 0'
            samples = [{"labels": "{}", "value": 1}] if kind in fires[name] else []
            tests.append(
                {
                    "name": f"{name} {kind}",
                    "interval": "1m",
                    "input_series": inputs,
                    "promql_expr_test": [{"expr": f"sgn({expression})", "eval_time": "45m", "exp_samples": samples}],
                }
            )
    path = folder / "test.yml"
    path.write_text(json.dumps({"rule_files": [str(rule_file)], "evaluation_interval": "1m", "tests": tests}))
    return promtool("test", "rules", str(path))


def test_promtool_accepts_the_rules(rule_file: Path) -> None:
    result = promtool("check", "rules", str(rule_file))
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(CASES) + 1} rules found" in result.stdout


def test_alerts_fire_and_are_silent(rule_file: Path, tmp_path: Path) -> None:
    for cases in (CASES, *OTHERWISE):
        result = unit_test(rule_file, tmp_path, {name: ["firing"] for name in cases}, cases)
        assert result.returncode == 0, result.stdout + result.stderr


def test_without_an_exporter_of_the_broker_the_scheduler_is_asked(tmp_path: Path) -> None:
    settings = whole(with_broker("prod"))
    texts = {alert.name: alert.expr for alert in rules.alerts(settings)}
    assert [name for name, text in texts.items() if "redis_" in text] == []
    assert set(texts) == {*CASES, BY_DATE}
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps(rules.groups(settings)))
    fires = {name: ["firing"] for name in OF_EXTERNAL_BROKER}
    result = unit_test(path, tmp_path, fires, OF_EXTERNAL_BROKER)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_standby_tells_of_the_archive_that_it_follows_and_not_of_airflow(tmp_path: Path) -> None:
    given = {"given": ["restore_repository_passphrase"]}
    values = changed(values_of("dev"), "postgres.restoreFrom", {"claim": "other", "follow": True})
    settings = parse(changed(values, "credentials", given))
    assert {alert.name for alert in rules.alerts(settings)} == {*OF_STANDBY, *EVERYWHERE}
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps(rules.groups(settings)))
    result = unit_test(path, tmp_path, {name: ["firing"] for name in OF_STANDBY}, OF_STANDBY)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("days", "fires"), [(31, []), (30, ["firing", "silent"])])
def test_certificates_are_told_of_30_days_before_they_end(days: int, fires: list[str], tmp_path: Path) -> None:
    """On the first day of 1970, on which promtool's clock begins."""
    dates = AuthoritySettings(issued=date(1970, 1, 1), leaf_days=days)
    settings = whole(values_of("prod"))
    credentials = settings.credentials.model_copy(update={"authority": dates})
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps(rules.groups(settings.model_copy(update={"credentials": credentials}))))
    result = unit_test(path, tmp_path, {BY_DATE: fires}, {BY_DATE: ({}, {})})
    assert result.returncode == 0, result.stdout + result.stderr


def test_of_an_external_database_nothing_is_asked_that_patroni_or_our_backups_tell(tmp_path: Path) -> None:
    settings = whole(with_database("prod"))
    texts = {alert.name: alert.expr for alert in rules.alerts(settings)}
    assert [name for name, text in texts.items() if "patroni_" in text or "backup" in text] == []
    assert set(CASES) - set(texts) == {
        "BackupTooOld",
        "BackupDamaged",
        "WalArchiveFailing",
        "RestoreDrillFailed",
    }
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps(rules.groups(settings)))
    fires = {name: ["firing"] for name in OF_EXTERNAL_DATABASE}
    result = unit_test(path, tmp_path, fires, OF_EXTERNAL_DATABASE)
    assert result.returncode == 0, result.stdout + result.stderr
    down = {"PostgresNoPrimary": ({"pg_up": "0x60"}, {"pg_up": "1x60"})}
    result = unit_test(path, tmp_path, {"PostgresNoPrimary": ["firing"]}, down)
    assert result.returncode == 0, result.stdout + result.stderr


def test_nobody_is_told_of_what_the_stack_does_not_have() -> None:
    assert not {"DeclaredDrift", "BundleNotRefreshed"} & {
        alert.name for alert in rules.alerts(parse(values_of("prod")))
    }


def test_a_gauge_that_a_gone_scheduler_left_behind_is_no_queue(rule_file: Path, tmp_path: Path) -> None:
    left = {'airflow_ti_queued{queue="nowhere"}': "1x60", 'airflow_pool_queued_slots{pool_name="a"}': "0x60"}
    result = unit_test(rule_file, tmp_path, {"QueueStill": []}, {"QueueStill": (left, {})})
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_unit_test_itself_can_fail(rule_file: Path, tmp_path: Path) -> None:
    result = unit_test(rule_file, tmp_path, {name: ["silent"] for name in CASES})
    assert result.returncode != 0
    report = result.stdout + result.stderr
    assert [name for name in CASES if name not in report] == []
