"""A stack whose database somebody else runs: nothing of Patroni is left of it, and somebody looks first."""

import configparser
import json
from typing import Any

import pytest

from components.contract import preflights
from components.contract.edges import edges
from components.credentials import matrix
from components.platform.declarations import consumers, workloads
from components.postgres_ha import external
from settings.connection_proofs import server_connections
from settings.load import parse
from tests.components.postgres_ha.arguments import arguments
from tests.harness import as_config, kubernetes, record_stack_with
from tests.settings.external import AUTHORITY, GIVEN, with_database
from tests.settings.stack_files import changed

KEDA = {"mode": "bundled"}
VALUES = with_database("dev", port=6432, database="flow", adminUser="admin")
SETTINGS = parse(VALUES)
Objects = dict[str, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def objects() -> Objects:
    """Kind to name to object of the whole stack."""
    config = as_config(postgres=VALUES["postgres"], credentials=VALUES["credentials"], givenValues=GIVEN)
    recording = record_stack_with("dev", config)
    kinds = ("StatefulSet", "Deployment", "Job", "CronJob", "ConfigMap", "Secret", "NetworkPolicy", "Service")
    return {kind: kubernetes(recording, kind) for kind in kinds}


def secret(objects: Objects, consumer: str) -> dict[str, str]:
    return next(
        item["stringData"] for name, item in objects["Secret"].items() if name.startswith(f"{consumer}-secrets")
    )


def test_no_object_is_about_an_instance_of_ours_or_its_backups(objects: Objects) -> None:
    assert "postgres" not in objects["StatefulSet"]
    assert {name for name in objects["Service"] if "postgres" in name} == {"postgres-pooler"}
    assert not [name for name in objects["CronJob"] if "backup" in name or "drill" in name]
    assert "postgres" not in {workload.name for workload in workloads(SETTINGS)}


def test_who_goes_around_the_pooler_reaches_it_and_nobody_else() -> None:
    found = [edge for edge in edges(workloads(SETTINGS)) if edge.target == "external-database"]
    assert {edge.source for edge in found} == {
        "postgres-configure",
        "postgres-pooler",
        "postgres-exporter",
        "migration",
        "resumption",
    }
    assert {edge.port for edge in found} == {6432}


def test_cleaning_key_rotation_and_the_autoscaler_reach_it_where_there_are_any() -> None:
    values = changed(VALUES, "airflow.cleaning", {"keepDays": 90})
    values = changed(values, "workers.queues.default.scaling", {"profile": "demand"})
    values = changed(values, "workers.keda", KEDA)
    values = changed(values, "credentials.rotation", {"fernet_key": 1})
    values = changed(values, "credentials.retired", {"fernet_key": 0})
    settings = parse(changed(values, "postgres.maxConnections", 70))
    found = {edge.source for edge in edges(workloads(settings)) if edge.target == "external-database"}
    assert {"cleaning", "key-rotation", "drain-controller", "keda-operator"} <= found
    assert "worker-default" not in found
    files = {item.name: "\n".join(item.files.values()) for item in consumers(settings)}
    for name in ("cleaning", "key-rotation"):
        assert "@database.example.com:6432/flow?sslmode=verify-full&sslrootcert=" in files[name], name
        assert AUTHORITY in files[name], name
    for name in ("drain-controller", "keda-operator"):
        assert "host=database.example.com port=6432 dbname=flow" in files[name], name
        assert "sslrootcert=/run/secrets/airflow-platform/database_ca.crt" in files[name], name


def test_the_network_opens_its_port_at_its_networks(objects: Objects) -> None:
    wanted = {"to": [{"ipBlock": {"cidr": "10.30.0.0/24"}}], "ports": [{"port": 6432, "protocol": "TCP"}]}
    for name in ("postgres-configure", "postgres-pooler", "postgres-exporter", "migration"):
        policy = next(item for key, item in objects["NetworkPolicy"].items() if key.endswith(name))
        assert wanted in policy["spec"]["egress"], name


def test_airflow_talks_to_our_pooler_and_the_migration_to_the_service(objects: Objects) -> None:
    pooled = secret(objects, "scheduler")
    assert "@postgres-pooler.airflow-data.svc.cluster.local:5432/airflow?" in pooled["database_url"]
    assert "database_ca.crt" not in pooled
    around = secret(objects, "migration")
    assert "@database.example.com:6432/flow?sslmode=verify-full" in around["database_url"]
    assert "sslrootcert=/run/secrets/airflow-platform/database_ca.crt" in around["database_url"]
    assert around["database_ca.crt"] == AUTHORITY


def test_the_pooler_verifies_it_by_its_own_authority(objects: Objects) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(objects["ConfigMap"]["postgres-pooler-config"]["data"]["pgbouncer.ini"])
    assert "host=database.example.com port=6432 dbname=flow" in parser["databases"]["airflow"]
    options = parser["pgbouncer"]
    assert options["server_tls_sslmode"] == "verify-full"
    assert options["server_tls_ca_file"] == "/run/secrets/airflow-platform/database_ca.crt"
    assert options["client_tls_ca_file"] == "/run/secrets/airflow-platform/ca.crt"
    assert secret(objects, "postgres-pooler")["database_ca.crt"] == AUTHORITY


def test_an_exporter_of_its_own_looks_at_it(objects: Objects) -> None:
    spec = objects["Deployment"]["postgres-exporter"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    environment = {item["name"]: item["value"] for item in container["env"]}
    address, _, options = environment["DATA_SOURCE_URI"].partition("?")
    assert address == "database.example.com:6432/flow"
    mode, authority = options.split("&")
    assert mode == "sslmode=verify-full"
    folder, _, file = authority.partition("=")[2].rpartition("/")
    assert folder in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert secret(objects, "postgres-exporter")[file] == AUTHORITY
    ports = {(item.name, port.number) for item in workloads(SETTINGS) for port in item.ports if port.scrape_path}
    assert {("postgres-exporter", 9187), ("postgres-pooler", 9127)} <= ports
    assert not [name for name, _ in ports if name == "postgres"]


def test_everything_waits_for_the_job_that_looks_and_makes_the_roles(objects: Objects) -> None:
    (job,) = [item for name, item in objects["Job"].items() if name.startswith("postgres-configure")]
    (rule,) = job["spec"]["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [preflights.REFUSED])
    name = job["metadata"]["name"]
    for deployment in ("postgres-pooler", "postgres-exporter"):
        assert name in str(objects["Deployment"][deployment]["metadata"]["annotations"])


def test_the_job_is_told_what_the_stack_says(objects: Objects) -> None:
    told = json.loads(objects["ConfigMap"]["postgres-configure"]["data"]["preflight.json"])
    assert (told["host"], told["port"], told["database"]) == ("database.example.com", 6432, "flow")
    assert told["connections"] == server_connections(SETTINGS) == 20 + 20
    assert told["maxRoundTripMilliseconds"] == 10
    files = secret(objects, "postgres-configure")
    assert files[told["adminPasswordFile"]] == GIVEN["database_admin_password"]
    assert told["authority"].rpartition("/")[2] in files
    lines = [line.split() for line in files[told["loginsFile"]].splitlines()]
    assert {(role, login) for role, login, _ in lines} == {
        ("airflow", "airflow_owner_a"),
        ("airflow_app", "airflow_app_a"),
        ("airflow_reader", "airflow_reader_a"),
        ("monitor", "monitor_a"),
    }
    assert {login for _, login, _ in lines} < set(told["everyLogin"])
    assert {told[f"{key}Role"] for key in ("owner", "app", "reader", "monitor")} == {role for role, _, _ in lines}


def test_the_administrators_password_is_read_by_that_job_alone() -> None:
    found = matrix(consumers(SETTINGS))
    assert {name for name, values in found.items() if "database_admin_password" in values} == {"postgres-configure"}
    unused = {"patroni_api_password", "database_replication_password", "database_rewind_password"}
    assert not [name for name, values in found.items() if unused & set(values)]


def test_another_answer_is_another_job() -> None:
    def name(**changes: Any) -> str:
        settings = parse(with_database("dev", **changes))
        there = settings.postgres.external
        assert there
        return preflights.job_name(external.configure(arguments(settings=settings), there), "image")

    assert name() == name()
    assert len({name(), name(port=6390), name(database="other"), name(adminUser="other")}) == 4
