"""The Jobs of a change of version: what they decide, what they may do, and what waits for whom."""

import importlib
import json
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pulumi
import pytest

from components.airflow_core import AirflowResumption, AirflowResumptionArgs
from local import paths
from tests.components.airflow_core.programs import returns
from tests.components.airflow_core.test_component import arguments, build, container, pod
from tests.harness import Stage, as_config, kubernetes, record_program
from tests.settings.external import GIVEN, with_database

OLDER, NEWER = "1d6611b6ab7c", "d2f4e1b3c5a7"
IMAGE = f"registry.example.com/airflow@sha256:{'7' * 64}"
BACK = as_config(airflow={"version": "3.2.2", "migration": {"downgrade": {"fromVersion": "3.3.2", "image": IMAGE}}})
TOLD: dict[str, Any] = {
    "version": "3.3.2", "downgrade_to": "", "keys": {}, "reader": "airflow_app", "namespace": "airflow",
    "take_away": ["scheduler"], "backup": True, "without_backup": False, "seconds": 60, "task_seconds": 60,
}  # fmt: skip


@pytest.fixture
def migrate(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The program, with the database and Kubernetes replaced by what a test says of them."""
    monkeypatch.setattr(sys, "path", [str(paths.checkout() / "components" / "airflow_core" / "assets"), *sys.path])
    module = importlib.import_module("migrate")
    monkeypatch.setattr(module, "say", returns(None))
    yield module
    for name in ("migrate", "upgrades"):
        sys.modules.pop(name, None)


class Image:
    """An image as `migrate.Image` describes one."""

    version = "3.3.2"

    def __init__(self, *known: str, removed: tuple[str, ...] = ()) -> None:
        self._known, self._removed = known, list(removed)

    def head(self, table: str = "alembic_version") -> str:
        return self._known[-1] if table == "alembic_version" else "fab"

    def knows(self, table: str, revision: str) -> bool:
        return revision in self._known or revision == "fab"

    def removed(self, keys: object) -> list[str]:
        del keys
        return self._removed


class Told:
    """A change under way, and what becomes of it."""

    def __init__(self, to_head: str = NEWER) -> None:
        self.to_head, self.happened = to_head, list[str]()

    def __getitem__(self, column: str) -> str:
        assert column in {"to_head", "to_version"}
        return self.to_head

    def note(self, column: str, value: object) -> None:
        self.happened.append(f"{column} {value}")

    def stamp(self, column: str) -> None:
        self.happened.append(column)

    def pause(self) -> None:
        self.happened.append("pause")

    def unpause(self) -> None:
        self.happened.append("unpause")

    def take_away(self, _: object) -> None:
        self.happened.append("take away")

    def bring_back(self, _: object) -> None:
        self.happened.append("bring back")


@pytest.fixture
def change(migrate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()

    def run(*words: str) -> None:
        told.happened.append(" ".join(words))

    monkeypatch.setattr(migrate.Change, "under_way", returns(None))
    monkeypatch.setattr(migrate.Change, "begin", returns(told))
    monkeypatch.setattr(migrate, "Workloads", returns(told))
    monkeypatch.setattr(migrate, "back_up", returns("2026-11-22T14:00:00+00:00"))
    monkeypatch.setattr(migrate, "run", run)
    return told


def stands_at(monkeypatch: pytest.MonkeyPatch, migrate: ModuleType, *revisions: str | None) -> None:
    """The tables' revision, question after question; the last stays."""
    left = list(revisions)

    def revision(_: object, table: str = "alembic_version") -> str | None:
        if table != "alembic_version":
            return "fab"
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(migrate, "revision", revision)


def test_a_newer_database_is_refused_with_the_way_out(migrate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    stands_at(monkeypatch, migrate, NEWER)
    monkeypatch.setattr(migrate, "ask", returns([("3.4.0", "2026-11-22 14:00")]))
    with pytest.raises(migrate.RefusedError) as refusal:
        migrate.look(TOLD, Image(OLDER), None)
    assert str(refusal.value) == (
        f"airflow.version = 3.3.2: the database is newer (alembic_version is at {NEWER}, brought there by Airflow 3.4.0 at "
        f"2026-11-22 14:00 UTC), and this image ends at {OLDER}. Nothing was changed. Deploy the newer image again, or set "
        "airflow.migration.downgrade to its version and image: that deletes what only the newer version keeps."
    )


def test_all_that_is_wrong_is_said_at_once(migrate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    stands_at(monkeypatch, migrate, OLDER)
    told = {**TOLD, "version": "3.2.2"}
    with pytest.raises(migrate.RefusedError) as refusal:
        migrate.look(told, Image(OLDER, NEWER, removed=("[core] gone",)), None)
    assert str(refusal.value).splitlines() == [
        "airflow.version = 3.2.2: the image holds Airflow 3.3.2. Write 3.3.2.",
        "airflow.cfg: Airflow 3.3.2 does not read [core] gone any more.",
    ]


def test_nothing_is_wrong_with_older_equal_or_no_tables(migrate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (OLDER, NEWER, None):
        stands_at(monkeypatch, migrate, found)
        migrate.look(TOLD, Image(OLDER, NEWER), None)


def test_tables_change_after_a_backup_with_nobody_at_work(
    migrate: ModuleType, change: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_at(monkeypatch, migrate, OLDER)
    migrate.migrate(TOLD, Image(OLDER, NEWER), None)
    assert change.happened == [
        "backup 2026-11-22T14:00:00+00:00", "pause", "take away", "airflow db migrate", "changed_at",
    ]  # fmt: skip


def test_without_other_tables_nobody_is_stopped(
    migrate: ModuleType, change: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_at(monkeypatch, migrate, NEWER)
    migrate.migrate(TOLD, Image(OLDER, NEWER), None)
    assert change.happened == ["airflow db migrate"]


@pytest.mark.parametrize(
    ("after", "brought_back"), [(OLDER, ["bring back", "unpause", "given_up_at"]), ("between", list[str]())]
)
def test_a_change_that_fails_brings_back_what_the_tables_allow(
    after: str, brought_back: list[str], migrate: ModuleType, change: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: str) -> None:
        stands_at(monkeypatch, migrate, after)
        raise RuntimeError("no")

    stands_at(monkeypatch, migrate, OLDER)
    monkeypatch.setattr(migrate, "run", fail)
    with pytest.raises(RuntimeError):
        migrate.migrate(TOLD, Image(OLDER, NEWER), None)
    assert change.happened[3:] == brought_back


@pytest.mark.parametrize(
    ("found", "outcome"), [(NEWER, ["changed_at"]), (OLDER, ["bring back", "unpause", "given_up_at"])]
)
def test_a_change_that_was_cut_off_is_settled(
    found: str, outcome: list[str], migrate: ModuleType, change: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_at(monkeypatch, migrate, found)
    monkeypatch.setattr(migrate.Change, "under_way", returns(change))
    migrate.migrate(TOLD, Image(found), None)
    assert change.happened == [*outcome, "airflow db migrate"]


def test_without_a_backup_it_takes_a_setting(migrate: ModuleType) -> None:
    with pytest.raises(
        migrate.RefusedError, match=r"^airflow\.migration\.withoutBackup = false: .* takes no backup of them"
    ):
        migrate.back_up({**TOLD, "backup": False}, None)
    assert migrate.back_up({**TOLD, "backup": False, "without_backup": True}, None) == "none"


def test_a_backup_that_fails_changes_nothing(migrate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(_: object, statement: str, *__: object) -> list[tuple[Any, ...]]:
        return [(7,)] if "INSERT" in statement else [("", 31, "no space left", "2026-11-22T14:00:00+00:00")]

    monkeypatch.setattr(migrate, "ask", answers)
    with pytest.raises(
        migrate.RefusedError, match=r"the backup failed with 31, and nothing was changed:\nno space left"
    ):
        migrate.back_up(TOLD, None)


def migration(config: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    jobs = kubernetes(record_program(build, "dev", config), "Job")
    (job,) = [item for name, item in jobs.items() if name.startswith("migration-")]
    return job


def test_going_back_runs_with_the_newer_image_before_the_older_one_migrates() -> None:
    recording = record_program(build, "dev", BACK)
    jobs = {name.rpartition("-")[0]: item for name, item in kubernetes(recording, "Job").items()}
    back, onward = jobs["downgrade"], jobs["migration"]
    assert container(back)["image"] == IMAGE
    assert container(onward)["image"] != IMAGE
    told = json.loads(container(back)["args"][-1])
    assert (told["version"], told["downgrade_to"]) == ("3.3.2", "3.2.2")
    assert told["task_seconds"] == 900
    assert onward["metadata"]["annotations"]["airflow-platform/waits-for"] == back["metadata"]["name"]


def test_the_job_may_stop_three_deployments_and_nothing_else() -> None:
    recording = record_program(build)
    ((_, role),) = kubernetes(recording, "Role").items()
    assert role["rules"] == [
        {
            "apiGroups": ["apps"],
            "resources": ["deployments/scale"],
            "verbs": ["get", "patch"],
            "resourceNames": ["scheduler", "dag-processor", "triggerer"],
        },
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    ]
    holders = {
        name for kind in ("Job", "Deployment") for name, item in kubernetes(recording, kind).items()
        if pod(item)["automountServiceAccountToken"]
    }  # fmt: skip
    assert {name.rpartition("-")[0] for name in holders} == {"migration"}


def test_whoever_is_stopped_comes_back_with_the_number_of_the_stack_file() -> None:
    forced = {
        name
        for name, item in kubernetes(record_program(build), "Deployment").items()
        if item["metadata"]["annotations"].get("pulumi.com/patchForce") == "true"
    }
    told = json.loads(container(migration())["args"][-1])
    assert forced == set(told["take_away"]) == {"scheduler", "dag-processor", "triggerer"}


def test_no_backup_is_asked_for_where_somebody_else_runs_the_database() -> None:
    def backup(config: tuple[tuple[str, str], ...]) -> bool:
        return bool(json.loads(container(migration(config))["args"][-1])["backup"])

    values = with_database("dev")
    theirs = as_config(postgres=values["postgres"], credentials=values["credentials"], givenValues=GIVEN)
    assert (backup(()), backup(theirs)) == (True, False)


def test_a_refusal_is_not_tried_again_and_an_engine_waits_as_long_as_the_job_may_take() -> None:
    job = migration()
    (rule,) = job["spec"]["podFailurePolicy"]["rules"]
    assert rule == {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [2]}}
    assert job["spec"]["activeDeadlineSeconds"] == 7200
    assert job["metadata"]["annotations"]["pulumi.com/timeoutSeconds"] == "7260"


def resumption() -> None:
    stage = Stage.of_stack()
    after = pulumi.Output.from_input("scheduler, worker-default")
    AirflowResumption("resumption", AirflowResumptionArgs(core=arguments(stage), after=after), stage.opts)


def test_the_others_go_on_after_all_pods_and_the_canary() -> None:
    ((_, job),) = kubernetes(record_program(resumption), "Job").items()
    assert job["metadata"]["annotations"]["airflow-platform/waits-for"] == "scheduler, worker-default"
    assert json.loads(container(job)["args"][-1]) == {"version": "3.3.2", "canary": True, "seconds": 900}
