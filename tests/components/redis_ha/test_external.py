"""A stack whose broker somebody else runs: nothing of ours is left of it, and somebody looks first."""

import ast
import json
from typing import Any

import pytest

from components.contract import airflow, preflights
from components.contract.edges import Edge, edges
from components.platform.declarations import consumers, workloads
from components.redis_ha import external
from settings.load import parse
from tests.components.redis_ha.arguments import arguments_of
from tests.harness import as_config, kubernetes, record_stack_with
from tests.settings.external import AUTHORITY, GIVEN, with_broker

VALUES = with_broker("dev", authority=AUTHORITY, port=6380, brokerDatabase=3)
SETTINGS = parse(VALUES)
BROKER = Edge(source="", target="external-broker", port=6380)


@pytest.fixture(scope="module")
def objects() -> dict[str, dict[str, dict[str, Any]]]:
    """Kind to name to object of the whole stack."""
    config = as_config(redis=VALUES["redis"], credentials=VALUES["credentials"], givenValues=GIVEN)
    recording = record_stack_with("dev", config)
    kinds = ("StatefulSet", "Deployment", "Service", "Job", "ConfigMap", "Secret", "NetworkPolicy")
    return {kind: kubernetes(recording, kind) for kind in kinds}


def test_no_object_is_about_a_valkey(objects: dict[str, dict[str, dict[str, Any]]]) -> None:
    named = [(kind, name) for kind, found in objects.items() for name in found if "valkey" in name]
    assert named == []
    assert "valkey" not in {workload.name for workload in workloads(SETTINGS)}


def test_schedulers_workers_and_the_preflight_reach_it_and_nobody_else() -> None:
    found = {edge.source for edge in edges(workloads(SETTINGS)) if edge.target == BROKER.target}
    assert found == {"scheduler", "worker-default", "broker-preflight"}
    assert all(edge.port == BROKER.port for edge in edges(workloads(SETTINGS)) if edge.target == BROKER.target)


def test_the_network_opens_its_port_at_its_networks(objects: dict[str, dict[str, dict[str, Any]]]) -> None:
    wanted = {"to": [{"ipBlock": {"cidr": "10.20.0.0/24"}}], "ports": [{"port": 6380, "protocol": "TCP"}]}
    for name in ("scheduler", "worker-default", "broker-preflight"):
        policy = next(item for key, item in objects["NetworkPolicy"].items() if key.endswith(name))
        assert wanted in policy["spec"]["egress"], name


def test_clients_get_its_url_with_any_password(objects: dict[str, dict[str, dict[str, Any]]]) -> None:
    for prefix in ("scheduler-secrets", "worker-default-secrets"):
        files = next(item["stringData"] for name, item in objects["Secret"].items() if name.startswith(prefix))
        assert files["broker_url"] == "rediss://airflow%40home:p%40ss%2Fw%3Drd@broker.example.com:6380/3"
        assert files["result_backend"] == "rediss://airflow%40home:p%40ss%2Fw%3Drd@broker.example.com:6380/1"
        assert files["broker_ca.crt"] == AUTHORITY
        assert files["ca.crt"] != AUTHORITY


def test_the_services_authority_vouches_for_the_broker_alone(objects: dict[str, dict[str, dict[str, Any]]]) -> None:
    for name in ("scheduler-config", "worker-default-config"):
        cfg = objects["ConfigMap"][name]["data"]["airflow.cfg"]
        assert "ssl_cacert = /run/secrets/airflow-platform/broker_ca.crt" in cfg
        assert "celery_config_options = airflow_platform_celery_external.CELERY_CONFIG" in cfg
        assert {"airflow_platform_celery.py", "airflow_platform_celery_external.py"} <= set(
            objects["ConfigMap"][name]["data"]
        )


def test_without_an_authority_the_public_ones_are_trusted() -> None:
    settings = parse(with_broker("dev"))
    assert airflow.broker_sections(settings, 7200)["celery"]["ssl_cacert"] == "/etc/ssl/certs/ca-certificates.crt"
    assert "broker_ca.crt" not in airflow.broker_files(settings)


def test_a_workers_probes_and_its_stop_look_at_the_services_port(objects: dict[str, dict[str, dict[str, Any]]]) -> None:
    (container,) = objects["Deployment"]["worker-default"]["spec"]["template"]["spec"]["containers"]
    port = f":{6380:04X}"
    assert port in str(container["readinessProbe"])
    assert port in str(container["lifecycle"])


def test_airflow_waits_for_the_preflight(objects: dict[str, dict[str, dict[str, Any]]]) -> None:
    (job,) = [item for name, item in objects["Job"].items() if name.startswith("broker-preflight")]
    spec = job["spec"]
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [preflights.REFUSED])
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"]


def test_the_preflight_is_told_what_the_stack_says(objects: dict[str, dict[str, dict[str, Any]]]) -> None:
    files = objects["ConfigMap"]["broker-preflight"]["data"]
    told = json.loads(files["preflight.json"])
    assert (told["host"], told["port"], told["user"]) == ("broker.example.com", 6380, "airflow@home")
    assert (told["brokerDatabase"], told["resultDatabase"]) == (3, 1)
    # Three workers of four tasks, with four connections beside them, and what schedulers hold.
    assert told["clients"] == 3 * (4 + 4) + 100 == external.clients(SETTINGS)
    secret = next(item for name, item in objects["Secret"].items() if name.startswith("broker-preflight"))
    assert secret["stringData"][told["passwordFile"]] == GIVEN["broker_airflow_password"]
    assert told["authority"].rpartition("/")[2] in secret["stringData"]


def test_the_program_and_the_job_agree_on_the_exit_code() -> None:
    tree = ast.parse(airflow.asset("preflight.py"))
    (code,) = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and [getattr(target, "id", "") for target in node.targets] == ["REFUSED"]
    ]
    assert code == preflights.REFUSED


def test_another_answer_is_another_job() -> None:
    def name(**changes: Any) -> str:
        settings = parse(with_broker("dev", **changes))
        args = arguments_of(settings)
        broker = settings.redis.external
        assert broker
        return preflights.job_name(external.preflight(args, broker), "image")

    assert name() == name()
    assert len({name(), name(port=6390), name(resultDatabase=2), name(user="other")}) == 4


def test_secrets_of_the_broker_are_read_by_its_clients_alone() -> None:
    readers = {item.name for item in consumers(SETTINGS) if "broker_airflow_password" in str(item.files)}
    assert readers == {"scheduler", "worker-default", "broker-preflight"}
