from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.reliability.backups import RULE

from tests.policies.objects import ABSENT, Object, change, job, judge_stack, stack_of, stateful_set, text

KEY = "airflow-platform/backup-retention-full"
LABELS = 'metadata.labels["airflow-platform/backup"]'


def database() -> Object:
    made = change(stateful_set(), 'metadata.labels["app.kubernetes.io/component"]', "postgres-ha")
    return change(made, f'metadata.annotations["{KEY}"]', "14")


def cron(kind: str, namespace: str = "airflow-data") -> Object:
    made = change(job("CronJob"), "metadata.namespace", namespace)
    return change(change(made, LABELS, kind), "metadata.name", f"backup-{kind}")


def found(*made: Object, **options: Any) -> list[Any]:
    return judge_stack(RULE, stack_of(*made), **options)


def test_compliant() -> None:
    assert found(database(), cron("full"), cron("drill")) == []
    on_job = change(cron("full"), f'metadata.annotations["{KEY}"]', "7")
    assert found(change(database(), "metadata.annotations", ABSENT), on_job, cron("drill")) == []


def test_compliant_where_nothing_is_asked_for() -> None:
    assert found(stateful_set()) == []
    stateless = change(database(), "spec.volumeClaimTemplates", [])
    assert found(stateless) == []
    assert found(change(database(), 'metadata.labels["airflow-platform/environment"]', "dev")) == []


def test_violating() -> None:
    assert "no CronJob labelled airflow-platform/backup=drill" in text(found(database(), cron("full")))
    assert "no CronJob labelled airflow-platform/backup=full" in text(
        found(database(), cron("full", namespace="airflow"), cron("drill"))
    )
    suspended = change(cron("full"), "spec.suspend", True)
    [one] = found(database(), suspended, cron("drill"))
    assert one.resource is not None
    assert one.resource.kind == "StatefulSet"


@pytest.mark.parametrize("value", ["0", "forever", "", "-1"])
def test_violating_retention(value: str) -> None:
    [one] = found(change(database(), f'metadata.annotations["{KEY}"]', value), cron("full"), cron("drill"))
    assert "how many backups are kept" in one.what
    assert one.path == f'metadata.annotations["{KEY}"]'


def test_absent() -> None:
    bare = change(database(), "metadata.annotations", ABSENT)
    assert len(found(bare)) == 3
    assert found(change(database(), "metadata.labels", ABSENT)) == []


def test_labels_of_another_program() -> None:
    own = {
        "databases": ["tier=data"],
        "jobs": ["app.kubernetes.io/component=backup"],
        "retention": [],
    }
    theirs = change(stateful_set(), "metadata.labels.tier", "data")
    backup = change(cron("x"), 'metadata.labels["app.kubernetes.io/component"]', "backup")
    assert found(theirs, backup, **own) == []
    assert "component=backup" in text(found(theirs, **own))
    assert found(database(), **own) == []


def test_unknown() -> None:
    [one] = found(change(database(), f'metadata.annotations["{KEY}"]', UNKNOWN), cron("full"), cron("drill"))
    assert one.unknown
    [one] = found(database(), change(cron("full"), "spec.suspend", UNKNOWN), cron("drill"))
    assert one.unknown
