"""What cannot be read from Git, or could change behind the stack file's back, is refused, each with a message of its own."""

from typing import Any

import pytest

from settings.connection_proofs import airflow_database_processes
from settings.load import parse
from tests.settings.external import BUNDLE, COMMIT
from tests.settings.stack_files import changed, problems_of, values_of


def with_bundles(stack: str, bundles: dict[str, Any]) -> dict[str, Any]:
    return changed(values_of(stack), "airflow.bundles", bundles)


@pytest.mark.parametrize(
    ("stack", "name", "own", "key", "reason"),
    [
        ("prod", "team", {"ref": "main"}, "team.ref", "moves a branch or tag"),
        ("staging", "team", {"ref": COMMIT[:12]}, "team.ref", "moves a branch or tag"),
        ("dev", "dags-folder", {}, "dags-folder", "DAGs of the image"),
        ("dev", "Team", {}, "Team.[key]", "pattern"),
        ("dev", "team", {"url": "http://git.example.com/dags.git"}, "team.url", "pattern"),
        ("dev", "team", {"url": "git@git.example.com:team/dags.git"}, "team.url", "pattern"),
        ("dev", "team", {"url": "https://me:token@git.example.com/dags.git"}, "team.url", "tokenFrom"),
        ("dev", "team", {"url": "https://git.example.com"}, "team.url", "pattern"),
        ("dev", "team", {"subdir": "../other"}, "team.subdir", "inside the repository"),
        ("dev", "team", {"subdir": "/dags"}, "team.subdir", "inside the repository"),
        ("dev", "team", {"ref": "--upload-pack=x"}, "team.ref", "pattern"),
        ("dev", "team", {"user": "x; rm"}, "team.user", "pattern"),
        ("dev", "team", {"authority": "-----BEGIN CERTIFICATE-----\nx"}, "team.authority", "no certificate"),
        ("dev", "team", {"refreshSeconds": 601}, "team.refreshSeconds", "600"),
    ],
)
def test_one_mistake_gives_one_problem(stack: str, name: str, own: dict[str, Any], key: str, reason: str) -> None:
    (problem,) = problems_of(with_bundles(stack, {name: {**BUNDLE, **own}}))
    assert problem.key == f"airflow.bundles.{key}"
    assert reason in str(problem)
    assert problem.way_out


def test_a_branch_may_be_followed_in_dev_and_a_commit_anywhere() -> None:
    assert problems_of(with_bundles("dev", {"team": {**BUNDLE, "ref": "feature/x"}})) == []
    for stack in ("dev", "staging", "prod"):
        assert problems_of(with_bundles(stack, {"team": BUNDLE})) == []


def test_examples_have_nobody_who_reads_them() -> None:
    values = changed(with_bundles("dev", {"team": BUNDLE}), "airflow.loadExamples", True)
    (problem,) = problems_of(values)
    assert problem.key == "airflow.loadExamples"


def test_its_readers_need_connections_and_memory_like_others() -> None:
    without, with_two = (
        parse(values_of("prod")),
        parse(with_bundles("prod", {"team": {**BUNDLE, "dagProcessor": {"replicas": 2}}})),
    )
    assert airflow_database_processes(with_two) - airflow_database_processes(without) == 3
    resources = {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}
    (problem,) = problems_of(with_bundles("dev", {"team": {**BUNDLE, "dagProcessor": {"resources": resources}}}))
    assert problem.key == "airflow.bundles.team.dagProcessor.resources.requests.memory"
