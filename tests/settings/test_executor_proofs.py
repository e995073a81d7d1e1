"""Where tasks run, and what a stack states for it, go together."""

from typing import Any

import pytest

from settings.connection_proofs import airflow_database_processes
from settings.load import parse
from tests.settings.executors import local, pods
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
    assert "'celery', 'kubernetes', 'hybrid' or 'local'" in problem.reason


def test_tasks_in_the_scheduler_hold_no_connection_of_their_own() -> None:
    same = changed(values_of("dev"), "airflow.parallelism", 12)
    assert airflow_database_processes(parse(local())) == airflow_database_processes(parse(same))


@pytest.mark.parametrize("executor", ["kubernetes", "hybrid"])
@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_tasks_may_have_pods_of_their_own_with_or_without_workers(executor: str, stack: str) -> None:
    values = pods(executor, stack)
    assert problems_of(values) == []
    settings = parse(values)
    assert bool(settings.workers.queues) == (executor == "hybrid")
    assert settings.longest_task_seconds == 3600


BUCKET = {"s3": {"endpoint": "s3.example.com", "bucket": "logs", "region": "eu", "credentialsSecret": "own"}}


@pytest.mark.parametrize(
    ("path", "value", "key", "arithmetic"),
    [
        ("airflow.logs", None, "airflow.logs", "removed when the task ends"),
        ("airflow.logs", BUCKET, "airflow.logs.s3.credentialsSecret", "pods of tasks run in 'airflow-tasks'"),
        ("namespaces.tasks", "airflow", "namespaces.tasks", "that of 'airflow'"),
        ("namespaces.tasks", "airflow-data", "namespaces.tasks", "that of 'data'"),
        (
            "airflow.parallelism",
            7,
            "airflow.parallelism",
            "7 x 1 schedulers = 7 running tasks, but the task pods have 8",
        ),
        ("airflow.defaultPoolSlots", 7, "airflow.defaultPoolSlots", "the task pods have 8 slots"),
        ("airflow.local", {"longestTaskSeconds": 60}, "airflow.local", "would ignore it"),
        ("redis", {"mode": "standalone"}, "redis", "no broker"),
        ("workers", values_of("dev")["workers"], "workers.queues", "no queue has workers"),
        (
            "airflow.taskPods.resources",
            {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}},
            "airflow.taskPods.resources.requests.memory",
            "above the limit",
        ),
    ],
)
def test_one_wrong_value_about_pods_gives_one_problem(path: str, value: Any, key: str, arithmetic: str) -> None:
    (problem,) = problems_of(changed(pods(), path, value))
    assert problem.key == key
    assert arithmetic in problem.reason
    assert problem.way_out


def test_slots_of_workers_and_pods_count_together() -> None:
    values = pods("hybrid")
    slots = sum(q.max_replicas * q.concurrency for q in parse(values).workers.queues.values()) + 8
    (problem,) = problems_of(changed(values, "airflow.parallelism", slots - 1))
    assert problem.key == "airflow.parallelism"
    assert f"the workers and task pods have {slots} slots" in problem.reason
    assert problems_of(changed(values, "airflow.parallelism", slots)) == []


def test_what_only_pods_of_tasks_read_is_refused_elsewhere() -> None:
    (problem,) = problems_of(changed(values_of("dev"), "airflow.taskPods", {"maxPods": 3}))
    assert problem.key == "airflow.taskPods"


def test_a_namespace_of_pods_that_is_not_there_may_be_called_anything() -> None:
    assert problems_of(changed(values_of("dev"), "namespaces.tasks", "airflow")) == []
