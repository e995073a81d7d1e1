"""Numbers of backups that do not fit together are refused with the arithmetic."""

from typing import Any

import pytest

from tests.settings.stack_files import changed, problems_of, values_of


@pytest.mark.parametrize(
    ("stack", "path", "value", "key", "arithmetic"),
    [
        ("prod", "postgres.backup", {"target": "none"}, "postgres.backup.target", "a lost volume is a lost platform"),
        ("prod", "postgres.backup", {"target": "volume", "volume": {"size": "1Ti", "className": "nfs"}}, "postgres.backup.drill.schedule", "once it has been restored"),
        ("prod", "postgres.backup.diffSchedule", None, "", ""),
        ("prod", "postgres.backup.fullSchedule", "0 0 * * 0", "", ""),
        ("prod", "postgres.backup.drill.schedule", "0 0 1 * *", "postgres.backup.drill.schedule", "once it has been restored"),
        ("prod", "postgres.backup.s3", None, "postgres.backup.s3", "needs it"),
        ("prod", "postgres.backup.volume", {"size": "1Ti", "className": "nfs"}, "postgres.backup.volume", "does not use it"),
        ("prod", "postgres.backup.s3.credentialsSecret", None, "postgres.backup.s3.credentialsSecret", "backup_access_key and backup_secret_key"),
        ("dev", "postgres.backup.drill.maxDataLossSeconds", 84, "postgres.backup.drill.maxDataLossSeconds", "60 s until the log is archived + 15 s between two heartbeats + 10 s to send it = 85 s"),
        ("dev", "postgres.backup.drill.maxDataLossSeconds", 85, "", ""),
        ("dev", "postgres.backup.volume.size", "2047Mi", "postgres.backup.volume.size", "2 full backups + 0 differential ones + 1 being taken = 3, each up to 1/6 of the database's volume 4Gi, are 2048Mi"),
    ],
)  # fmt: skip
def test_one_wrong_value_gives_one_problem(stack: str, path: str, value: Any, key: str, arithmetic: str) -> None:
    found = problems_of(changed(values_of(stack), path, value))
    if not key:
        # `changed` takes the key away for None: the default counts.
        assert found == []
        return
    (problem,) = found
    assert problem.key == key
    assert arithmetic in problem.reason
    assert problem.way_out


BUNDLED = {"target": "s3", "bundled": {"storage": {"size": "1Ti"}}}


@pytest.mark.parametrize(
    ("stack", "backup", "key", "reason"),
    [
        ("staging", BUNDLED, "", ""),
        ("staging", {**BUNDLED, "bundled": {"storage": {"size": "1Gi"}}}, "postgres.backup.bundled.storage.size", "each up to 1/6"),
        ("staging", {**BUNDLED, "s3": {"endpoint": "s3.example.com", "bucket": "abc", "keyType": "auto"}}, "postgres.backup.bundled", "one of them"),
        ("staging", {**BUNDLED, "target": "volume", "volume": {"size": "1Ti", "className": "nfs"}}, "postgres.backup.s3", "does not use it"),
        ("prod", {**BUNDLED, "drill": {"schedule": "0 0 * * 0"}}, "postgres.backup.bundled", "in the cluster whose loss"),
    ],
)  # fmt: skip
def test_a_store_of_the_stacks_own(stack: str, backup: dict[str, Any], key: str, reason: str) -> None:
    found = problems_of(changed(values_of(stack), "postgres.backup", backup))
    assert [problem.key for problem in found] == ([key] if key else [])
    assert all(reason in problem.reason for problem in found)


def test_three_instances_share_a_volume_only_where_its_class_can() -> None:
    values = changed(values_of("staging"), "postgres.backup", {"target": "volume", "volume": {"size": "1Ti"}})
    (problem,) = problems_of(values)
    assert problem.key == "postgres.backup.volume.className"
    assert "ReadWriteMany" in problem.reason


@pytest.mark.parametrize(
    ("mode", "keys"), [("ReadWriteMany", []), ("ReadWriteOnce", ["postgres.backup.volume.accessMode"])]
)
def test_three_instances_share_a_volume_that_says_so(mode: str, keys: list[str]) -> None:
    volume = {"size": "1Ti", "className": "nfs", "accessMode": mode}
    values = changed(values_of("staging"), "postgres.backup", {"target": "volume", "volume": volume})
    assert [problem.key for problem in problems_of(values)] == keys


def test_daily_is_often_enough_in_prod_and_weekly_is_not() -> None:
    values = values_of("prod")
    values["postgres"]["backup"]["diffSchedule"] = None
    assert problems_of(values) == []
    (problem,) = problems_of(changed(values, "postgres.backup.fullSchedule", "0 0 * * 0"))
    assert "168 hours between two" in problem.reason


def test_a_bucket_key_may_be_given_by_the_stack() -> None:
    values = changed(values_of("prod"), "postgres.backup.s3.credentialsSecret", None)
    assert problems_of(changed(values, "credentials", {"given": ["backup_access_key", "backup_secret_key"]})) == []
