"""Where tasks run, and what a stack states for it, go together."""

from typing import Any

import pytest

from settings.load import parse
from settings.proofs import airflow_database_processes
from tests.settings.executors import local
from tests.settings.stack_files import changed, problems_of, values_of


def test_without_workers_there_is_no_queue_and_nothing_to_state_about_a_broker() -> None:
    assert problems_of(local()) == []
    settings = parse(local())
    assert settings.workers.queues == {}
    assert settings.workers.scaled_queues == ()
    assert settings.longest_task_seconds == settings.airflow.local.longest_task_seconds == 3600


def test_the_longest_task_is_that_of_any_queue() -> None:
    assert parse(values_of("dev")).longest_task_seconds == 600


@pytest.mark.parametrize(
    ("path", "value", "key", "arithmetic"),
    [
        ("workers", values_of("dev")["workers"], "workers.queues", "no queue has workers"),
        ("redis", {"mode": "standalone"}, "redis", "no broker"),
        ("airflow.parallelism", 12, "airflow.parallelism", "300Mi + 12 tasks x 65Mi = 1080Mi"),
        ("airflow.scheduler.resources.limits.memory", "600Mi", "airflow.parallelism", "limit is 600Mi"),
        ("airflow.defaultPoolSlots", 4, "airflow.defaultPoolSlots", "the schedulers have 5 slots"),
        ("environment", "staging", "airflow.executor", "Fernet key"),
    ],
)
def test_one_wrong_value_gives_one_problem(path: str, value: Any, key: str, arithmetic: str) -> None:
    (problem,) = problems_of(changed(local(), path, value))
    assert problem.key == key
    assert arithmetic in problem.reason
    assert problem.way_out


def test_the_way_out_of_too_many_tasks_is_a_way_out() -> None:
    values = changed(changed(local(), "airflow.defaultPoolSlots", 50), "airflow.parallelism", 50)
    (problem,) = problems_of(values)
    assert problem.way_out == "Lower it to 11 or raise airflow.scheduler.resources.limits.memory to 3550Mi"
    assert problems_of(changed(values, "airflow.scheduler.resources.limits.memory", "3550Mi")) == []
    assert problems_of(changed(values, "airflow.parallelism", 11)) == []


def test_what_only_the_local_executor_reads_is_refused_elsewhere() -> None:
    (problem,) = problems_of(changed(values_of("dev"), "airflow.local", {"longestTaskSeconds": 600}))
    assert problem.key == "airflow.local"


def test_an_unknown_executor_is_told_with_the_known_ones_and_nothing_else() -> None:
    (problem,) = problems_of(changed(local(), "airflow.executor", "docker"))
    assert problem.key == "airflow.executor"
    assert "'celery' or 'local'" in problem.reason


def test_tasks_in_the_scheduler_hold_no_connection_of_their_own() -> None:
    same = changed(values_of("dev"), "airflow.parallelism", 12)
    assert airflow_database_processes(parse(local())) == airflow_database_processes(parse(same))
