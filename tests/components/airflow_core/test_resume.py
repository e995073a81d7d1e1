"""The end of a change of version: what lets the DAGs go on, and what keeps them waiting."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from local import paths
from tests.components.airflow_core.programs import returns

TOLD: dict[str, Any] = {"version": "3.3.2", "canary": True, "seconds": 0}


class Change:
    """A change whose DAGs wait."""

    def __init__(self) -> None:
        self.went_on = False

    def __getitem__(self, column: str) -> Any:
        return {"paused": ["sales", "stock"], "changed_at": "2026-11-22T14:00:00+00:00"}[column]

    def unpause(self) -> None:
        self.went_on = True


@pytest.fixture
def resume(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(sys, "path", [str(paths.checkout() / "components" / "airflow_core" / "assets"), *sys.path])
    module = importlib.import_module("resume")
    monkeypatch.setattr(module, "say", returns(None))
    monkeypatch.setattr(module, "trigger", returns("canary__1"))
    yield module
    for name in ("resume", "upgrades"):
        sys.modules.pop(name, None)


def answers(
    monkeypatch: pytest.MonkeyPatch, resume: ModuleType, change: Change | None, canary: str, *left: str
) -> None:
    """A database in which the canary ended so, and in which these DAGs are not parsed by the new version."""

    def ask(_: object, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        if statement == resume._PARSED:
            return [(name,) for name in left if name in values[0]]
        if "task_id" in statement:
            return [("conclude", "upstream_failed")]
        return [(canary,)] if "FROM dag_run" in statement else []

    monkeypatch.setattr(resume, "ask", ask)
    monkeypatch.setattr(resume.Change, "to_resume", returns(change))


def test_the_others_go_on_once_the_canary_has_succeeded(resume: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, resume, change := Change(), "success")
    resume.resume(TOLD, None)
    assert change.went_on


def test_a_canary_that_fails_keeps_the_others_waiting(resume: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, resume, change := Change(), "failed")
    with pytest.raises(resume.RefusedError, match=r"^the canary canary__1 ended as failed: conclude upstream_failed$"):
        resume.resume(TOLD, None)
    assert not change.went_on


def test_before_the_new_version_has_parsed_it_there_is_no_canary(
    resume: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, resume, change := Change(), "success", resume.CANARY)
    with pytest.raises(resume.RefusedError, match="does not parse its DAGs: 1 DAGs are not parsed yet, platform_smoke"):
        resume.resume(TOLD, None)
    assert not change.went_on


def test_a_dag_that_does_not_parse_keeps_no_other_waiting(resume: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, resume, change := Change(), "success", "sales")
    resume.resume(TOLD, None)
    assert change.went_on


def test_the_canary_may_be_left_out(resume: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, resume, change := Change(), "failed")
    resume.resume({**TOLD, "canary": False}, None)
    assert change.went_on


def test_without_a_change_it_does_nothing(resume: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, resume, None, "failed")
    resume.resume(TOLD, None)
