"""DAGs from Git: who reads them, with which configuration, secret and way out."""

import json
from typing import Any

from components.airflow_core.configuration import config_files
from components.airflow_core.manifests.migration import stated
from components.airflow_core.manifests.processes import SHARE_OF_ONE_FILE, taken_away
from components.airflow_core.peers import workloads
from components.airflow_core.secrets import consumers
from components.contract import airflow
from settings.load import parse
from settings.platform_settings import PlatformSettings
from tests.components.airflow_core.test_component import build, container, pod
from tests.harness import as_config, kubernetes, record_program
from tests.settings.external import BUNDLE, COMMIT
from tests.settings.stack_files import changed, values_of

READER = "dag-processor-team"
OTHER = {"url": "https://git.example.com/other.git", "ref": COMMIT, "dagProcessor": {"replicas": 2}}
BUNDLES = {"team": BUNDLE, "other": OTHER}


def with_bundles(stack: str, bundles: dict[str, Any]) -> PlatformSettings:
    return parse(changed(values_of(stack), "airflow.bundles", bundles))


def deployments(bundles: dict[str, Any]) -> dict[str, Any]:
    airflow_values = {**values_of("dev")["airflow"], "bundles": bundles}
    return kubernetes(record_program(build, "dev", as_config(airflow=airflow_values)), "Deployment")


def test_each_bundle_has_dag_processors_of_its_own_and_those_of_the_image_read_the_image_alone() -> None:
    found = deployments(BUNDLES)
    commands = {name: container(workload)["args"][2:] for name, workload in found.items() if name.startswith("dag-")}
    assert commands == {
        "dag-processor": ["airflow", "dag-processor", "--bundle-name", "dags-folder"],
        READER: ["airflow", "dag-processor", "--bundle-name", "team"],
        "dag-processor-other": ["airflow", "dag-processor", "--bundle-name", "other"],
    }
    assert container(found[READER])["args"][:2] == ["prlimit", f"--data={int(2**30 * SHARE_OF_ONE_FILE)}"]
    assert (found[READER]["spec"]["replicas"], found["dag-processor-other"]["spec"]["replicas"]) == (1, 2)
    assert container(deployments({})["dag-processor"])["args"][2:] == ["airflow", "dag-processor"]


def test_its_clones_have_room_and_git_its_configuration() -> None:
    workload = deployments({"team": {**BUNDLE, "storage": "3Gi"}})[READER]
    (volume,) = [found for found in pod(workload)["volumes"] if found["name"] == "bundles"]
    assert volume["emptyDir"]["sizeLimit"] == str(3 * 2**30)
    assert "/opt/airflow/bundles" in {mount["mountPath"] for mount in container(workload)["volumeMounts"]}
    environment = {variable["name"]: variable["value"] for variable in container(workload)["env"]}
    assert environment["GIT_CONFIG_SYSTEM"] == "/opt/airflow/config/gitconfig"


def test_each_reader_knows_its_own_bundle_and_holds_its_own_token() -> None:
    settings = with_bundles("prod", BUNDLES)
    cfg = config_files(READER, settings)[airflow.AIRFLOW_CFG]
    assert BUNDLE["url"] in cfg
    assert "other.git" not in cfg
    given = {consumer.name: consumer.given for consumer in consumers(settings)}
    assert set(given[READER]) == {"given_team_token"}
    assert given["dag-processor-other"] == given["dag-processor"] == {}
    assert BUNDLE["url"] not in json.dumps(config_files("dag-processor", settings))


def test_only_its_readers_reach_its_server() -> None:
    found = {workload.name: workload.services for workload in workloads(with_bundles("prod", BUNDLES))}
    assert {name: [service.name for service in services] for name, services in found.items() if services} == {
        READER: ["git-team"],
        "dag-processor-other": ["git-other"],
    }


def test_readers_are_stopped_while_tables_change() -> None:
    settings = with_bundles("dev", BUNDLES)
    everyone = {"scheduler", "dag-processor", "triggerer", READER, "dag-processor-other"}
    told: Any = stated(settings)
    assert set(taken_away(settings)) == set(told["take_away"]) == everyone
    forced = {
        name
        for name, workload in deployments(BUNDLES).items()
        if workload["metadata"].get("annotations", {}).get("pulumi.com/patchForce")
    }
    assert forced == everyone
