from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.reliability.worker_drain import RULE

from tests.policies.objects import ABSENT, change, deployment, judge, paths, text, worker

TEMPLATE = "spec.template"
GRACE = f"{TEMPLATE}.spec.terminationGracePeriodSeconds"
LONGEST = f'{TEMPLATE}.metadata.annotations["airflow-platform/longest-task-seconds"]'
HOOK = f"{TEMPLATE}.spec.containers[0].lifecycle"
ROLE = f'{TEMPLATE}.metadata.labels["airflow-platform/role"]'
ARGS = f"{TEMPLATE}.spec.containers[0].args"


def test_silent_on_compliant() -> None:
    assert judge(RULE, worker()) == []
    assert judge(RULE, change(worker(), GRACE, 600.0)) == []
    assert judge(RULE, deployment()) == []


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (GRACE, 599, GRACE),
        (GRACE, ABSENT, GRACE),
        (LONGEST, ABSENT, LONGEST),
        (LONGEST, "ten minutes", LONGEST),
        (LONGEST, "0", LONGEST),
        (LONGEST, 600, LONGEST),
    ],
)
def test_violating_and_absent(path: str, value: Any, found: str) -> None:
    assert paths(judge(RULE, change(worker(), path, value))) == [found]


@pytest.mark.parametrize(
    ("path", "value"),
    [(ROLE, ABSENT), (ARGS, ["--queues", "default"]), (ARGS, ["sh", "-c", "exec celery --app x worker"])],
)
def test_a_worker_is_known_by_its_label_or_by_its_command(path: str, value: Any) -> None:
    assert paths(judge(RULE, change(change(worker(), path, value), GRACE, 30))) == [GRACE]


SHELL = ["/bin/bash", "-c", "airflow celery worker"]


@pytest.mark.parametrize(
    ("words", "hook", "found"),
    [
        (SHELL, ABSENT, [f"{HOOK}.preStop"]),
        (SHELL, {"preStop": {}}, [f"{HOOK}.preStop"]),
        (SHELL, {"preStop": {"exec": {"command": ["drain"]}}}, []),
        (["sh", "-c", "echo exec; airflow celery worker"], ABSENT, [f"{HOOK}.preStop"]),
        (["sh", "-c", "umask 027; exec airflow celery worker"], ABSENT, []),
        (["airflow", "celery", "worker"], ABSENT, []),
    ],
)
def test_the_signal_reaches_the_worker(words: list[str], hook: Any, found: list[str]) -> None:
    made = change(change(worker(), ARGS, words), HOOK, hook)
    assert paths(judge(RULE, made)) == found


def test_a_labelled_pod_is_judged_by_its_first_container() -> None:
    made = change(change(worker(), ARGS, ["sh", "-c", "/opt/start-worker"]), HOOK, ABSENT)
    assert paths(judge(RULE, made)) == [f"{HOOK}.preStop"]


def test_a_pod_that_says_how_long_its_tasks_run_is_held_to_it() -> None:
    scheduler = change(deployment(), LONGEST, "600")
    assert paths(judge(RULE, change(scheduler, GRACE, 599))) == [GRACE]
    assert judge(RULE, change(scheduler, GRACE, 600)) == []


def test_slack_on_top_of_the_longest_task() -> None:
    assert judge(RULE, worker(), slackSeconds=60) == []
    assert "600 s" in text(judge(RULE, worker(), slackSeconds=61))


@pytest.mark.parametrize("path", [GRACE, LONGEST])
def test_unknown(path: str) -> None:
    with pytest.raises(NotKnownError) as caught:
        judge(RULE, change(worker(), path, UNKNOWN))
    assert caught.value.path == path


def test_unknown_arguments_leave_it_to_the_label() -> None:
    made = change(worker(), ARGS, ["airflow", "celery", "worker", "--queues", UNKNOWN])
    assert paths(judge(RULE, change(made, GRACE, 30))) == [GRACE]
