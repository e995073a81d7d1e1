"""The real pack over small recorded programs."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from local import paths
from local.engine.analyzer import PolicyPack
from local.engine.errors import BadInputError
from local.engine.recording import Recording, record
from local.policy import report
from local.policy.judge import Judgement, judge_recording, pack_of

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s

provider = k8s.Provider("cluster", context="none")
labels = {
    "app.kubernetes.io/name": "small",
    "app.kubernetes.io/component": "small",
    "app.kubernetes.io/part-of": "small",
    "app.kubernetes.io/managed-by": "pulumi",
    "airflow-platform/environment": "prod",
}
restricted = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
k8s.core.v1.ConfigMap(
    "config",
    metadata={"name": "config", "namespace": "airflow", "labels": labels},
    data={"password": "hunter2"},
    opts=pulumi.ResourceOptions(provider=provider),
)
k8s.core.v1.Namespace(
    "airflow",
    metadata={"name": "airflow", "labels": {**labels, **restricted}},
    opts=pulumi.ResourceOptions(provider=provider),
)
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("program")
    (folder / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text(PROGRAM)
    return record("prod", project_dir=folder)


@pytest.fixture(scope="module")
def judgement(recording: Recording) -> Judgement:
    return judge_recording("prod", recording, pack_of("prod"))


def test_every_violation_is_found_in_one_run(judgement: Judgement) -> None:
    assert judgement.refused
    assert [(violation.policy, violation.level) for violation in judgement.violations] == [
        ("plain-secrets", "mandatory"),
        ("protected-data", "mandatory"),
    ]
    assert judgement.resources == 4


def test_advisory_refuses_nothing(recording: Recording) -> None:
    pack = PolicyPack(folder=pack_of("prod").folder, config={"all": "advisory"})
    judged = judge_recording("prod", recording, pack)
    assert not judged.refused
    assert {violation.level for violation in judged.violations} == {"advisory"}


def test_a_configuration_that_the_pack_refuses(recording: Recording) -> None:
    pack = PolicyPack(folder=pack_of("prod").folder, config={"plain-secret": "advisory"})
    with pytest.raises(BadInputError, match="did you mean 'plain-secrets'"):
        judge_recording("prod", recording, pack)


def test_a_folder_without_a_pack(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="holds no policy pack"):
        pack_of("prod", tmp_path)


def test_a_stack_of_ones_own_is_judged_as_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.mine.yaml").write_text("config: {airflow-platform:environment: dev}\n")
    monkeypatch.setenv(paths.STACKS_VARIABLE, str(tmp_path))
    assert pack_of("mine").config == pack_of("dev").config
    assert pack_of("prod").config != pack_of("dev").config


def test_the_table(judgement: Judgement) -> None:
    console = Console(record=True, width=160, file=None, quiet=False)
    with console.capture() as printed:
        report.show(judgement, console)
    said = printed.get()
    assert "mandatory plain-secrets  critical  No secret stands in plain sight" in said
    assert "ConfigMap airflow/config: holds a secret by its name, password (data.password)." in said
    assert "prod: 4 resources, 2 mandatory, 0 advisory" in said


def test_json(judgement: Judgement) -> None:
    document = json.loads(report.as_json(judgement))
    assert document["refused"] is True
    assert [entry["rule"] for entry in document["violations"]] == ["plain-secrets", "protected-data"]


def test_sarif(judgement: Judgement) -> None:
    [run] = json.loads(report.as_sarif(judgement))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["plain-secrets", "protected-data"]
    assert [result["level"] for result in run["results"]] == ["error", "error"]
    assert "ConfigMap::config" in run["results"][0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
