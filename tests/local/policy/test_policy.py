"""The real pack over small recorded programs."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from local import paths
from local.engine.analyzer import PolicyPack
from local.engine.errors import BadInputError
from local.engine.recording import Recording, record
from local.errors import PreflightError
from local.policy import report
from local.policy.judge import Judgement, judge_goals, pack_of

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
    return judge_goals("prod", recording.resources, pack_of("prod"))


def test_every_violation_is_found_in_one_run(judgement: Judgement) -> None:
    assert judgement.refused
    assert [(violation.policy, violation.level) for violation in judgement.violations] == [
        ("plain-secrets", "mandatory"),
        ("protected-data", "mandatory"),
    ]
    assert judgement.resources == 4


def test_advisory_refuses_nothing(recording: Recording) -> None:
    pack = PolicyPack(folder=pack_of("prod").folder, config={"all": "advisory"})
    judged = judge_goals("prod", recording.resources, pack)
    assert not judged.refused
    assert {violation.level for violation in judged.violations} == {"advisory"}


def test_a_configuration_that_the_pack_refuses(recording: Recording) -> None:
    pack = PolicyPack(folder=pack_of("prod").folder, config={"plain-secret": "advisory"})
    with pytest.raises(BadInputError, match="did you mean 'plain-secrets'"):
        judge_goals("prod", recording.resources, pack)


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


def test_sarif_holds_what_its_schema_requires(judgement: Judgement) -> None:
    document = json.loads(report.as_sarif(judgement, "https://example.com/policies/"))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    [run] = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    for rule in driver["rules"]:
        assert rule["helpUri"] == f"https://example.com/policies/{rule['id']}.md"
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        [location] = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "Pulumi.prod.yaml"
        assert location["physicalLocation"]["region"]["startLine"] >= 1
    assert len({result["partialFingerprints"]["airflow-guard/v1"] for result in run["results"]}) == 2


def test_sarif_lists_every_rule_and_names_the_resource(judgement: Judgement) -> None:
    [run] = json.loads(report.as_sarif(judgement))["runs"]
    names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {f"{name}.md" for name in names} <= {path.name for path in (paths.checkout() / report.PAGES).iterdir()}
    assert [result["ruleId"] for result in run["results"]] == ["plain-secrets", "protected-data"]
    assert [result["level"] for result in run["results"]] == ["error", "error"]
    assert "ConfigMap::config" in run["results"][0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    assert run["tool"]["driver"]["rules"][0]["helpUri"].startswith("file:///")


def test_the_exit_code_and_the_file(judgement: Judgement, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "found.sarif"
    assert report.tell(judgement, report.Output(as_json=True, sarif=file)) == 1
    assert json.loads(capsys.readouterr().out)["refused"] is True
    assert len(json.loads(file.read_text())["runs"][0]["results"]) == 2
    with pytest.raises(PreflightError, match=r"--sarif .*missing.*: cannot be written: No such file"):
        report.tell(judgement, report.Output(sarif=tmp_path / "missing" / "found.sarif"))
