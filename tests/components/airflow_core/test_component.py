"""AirflowCore as a whole, recorded."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.airflow_core import AirflowCore, AirflowCoreArgs
from components.airflow_core.manifests.jobs import job_name
from components.airflow_core.secrets import consumers
from components.celery_workers.configuration import sections as workers
from components.contract.airflow_pods import Process
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION
from components.contract.secrets import SecretRef
from settings.base import ResourceList, Resources
from settings.quantities import parse_bytes
from tests.harness import Stage, as_config, kubernetes, record_program, settings_of

START_SECONDS = 30
"""That an api-server takes until it serves, on two cores that do little else."""
ROLES = {"scheduler", "dag-processor", "triggerer", "api-core", "api-execution"}


def arguments(stage: Stage) -> AirflowCoreArgs:
    """What Platform would hand over."""
    return AirflowCoreArgs(
        settings=stage.settings,
        labels=stage.labels,
        images=stage.images,
        namespace=stage.settings.namespaces.airflow,
        secrets=stage.secrets(consumers(stage.settings)),
        priority_class="control",
        postgres=stage.postgres(),
        redis=stage.redis(),
    )


def build() -> None:
    stage = Stage.of_stack()
    created = AirflowCore("airflow", arguments(stage), stage.opts)
    pulumi.export("core_host", created.endpoint.core_host)
    pulumi.export("execution_url", created.endpoint.execution_url)


def pod(workload: dict[str, Any]) -> dict[str, Any]:
    return workload["spec"]["template"]["spec"]


def container(workload: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod(workload)["containers"]
    return only


def test_one_deployment_per_role_with_configuration_account_and_secret_of_its_own() -> None:
    recording = record_program(build)
    deployments = kubernetes(recording, "Deployment")
    assert set(deployments) == ROLES
    assert set(kubernetes(recording, "ServiceAccount")) == {*ROLES, "migration", "declared"}
    assert set(kubernetes(recording, "ConfigMap")) == {f"{role}-config" for role in (*ROLES, "migration", "declared")}
    for role, workload in deployments.items():
        volumes = {volume["name"]: volume for volume in pod(workload)["volumes"]}
        assert volumes["config"]["configMap"]["name"] == f"{role}-config"
        assert volumes["secrets"]["secret"]["secretName"] == f"{role}-secrets"
        assert pod(workload)["serviceAccountName"] == role


def test_every_container_is_bounded_probed_and_cannot_write_to_its_root() -> None:
    for workload in kubernetes(record_program(build), "Deployment").values():
        found = container(workload)
        assert found["resources"]["limits"]["memory"]
        assert found["securityContext"]["readOnlyRootFilesystem"] is True
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(found)
        writable = {mount["mountPath"] for mount in found["volumeMounts"] if not mount.get("readOnly")}
        assert writable == {"/opt/airflow/run", "/opt/airflow/logs", "/tmp"}


def test_a_file_that_takes_too_much_memory_does_not_end_the_dag_processor() -> None:
    found = container(kubernetes(record_program(build), "Deployment")["dag-processor"])
    program, limit, *command = found["args"]
    assert (program, command) == ("prlimit", ["airflow", "dag-processor"])
    share = int(limit.removeprefix("--data="))
    assert 2 * share < 1.25 * parse_bytes(found["resources"]["limits"]["memory"])


def test_a_slow_start_is_not_killed() -> None:
    for workload in kubernetes(record_program(build), "Deployment").values():
        probe = container(workload)["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] == 600


def test_no_liveness_probe_dies_with_the_database() -> None:
    for role, workload in kubernetes(record_program(build), "Deployment").items():
        probe = container(workload)["livenessProbe"]
        if role.startswith("api-"):
            assert probe["httpGet"]["path"] in ("/api/v2/version", "/execution/health")
            assert probe["httpGet"]["scheme"] == "HTTPS"
        else:
            assert probe["exec"]["command"][-2:] == ["/opt/airflow/config/alive.py", "60"]


def test_an_execution_api_that_hangs_is_replaced_before_its_clients_give_up() -> None:
    probe = container(kubernetes(record_program(build), "Deployment")["api-execution"])["livenessProbe"]
    first, last = (probe["periodSeconds"] * times + probe["timeoutSeconds"] for times in _probes_that_must_fail(probe))
    settings = settings_of("dev")
    client = {key: int(value) for key, value in workers(settings, "default")["workers"].items()}
    tries, least = client["execution_api_retries"], client["execution_api_retry_wait_min"]
    patience = tries * client["execution_api_timeout"] + (tries - 1) * least
    assert last + probe["terminationGracePeriodSeconds"] + START_SECONDS <= patience
    assert first > 120, "what stands still for two minutes goes on"


def _probes_that_must_fail(probe: dict[str, Any]) -> tuple[int, int]:
    """Periods that it takes at least and at most, by when the first of them is due."""
    return probe["failureThreshold"] - 1, probe["failureThreshold"]


def test_deployments_wait_for_the_migration_and_the_migration_for_the_database() -> None:
    recording = record_program(build)
    ((name, job),) = [item for item in kubernetes(recording, "Job").items() if item[0].startswith("migration-")]
    assert job["metadata"]["annotations"]["airflow-platform/waits-for"] == "postgres-rw.airflow-data.svc.cluster.local"
    for workload in kubernetes(recording, "Deployment").values():
        assert workload["metadata"]["annotations"]["airflow-platform/waits-for"] == name
        assert "airflow-platform/waits-for" not in workload["spec"]["template"]["metadata"]["annotations"]


def test_another_image_version_or_configuration_is_another_migration() -> None:
    process = Process(
        name="migration",
        command=("airflow", "db", "migrate"),
        config={"airflow.cfg": "a"},
        secret=SecretRef(name=pulumi.Output.from_input("x"), version="1"),
        replicas=1,
        resources=Resources(requests=ResourceList(memory="1Mi"), limits=ResourceList(memory="1Mi")),
        grace_seconds=1,
    )
    names = {
        job_name(process, "image@sha256:1", "3.3.2"),
        job_name(process, "image@sha256:2", "3.3.2"),
        job_name(process, "image@sha256:1", "3.4.0"),
        job_name(replace(process, config={"airflow.cfg": "b"}), "image@sha256:1", "3.3.2"),
    }
    assert len(names) == 4
    assert job_name(process, "image@sha256:1", "3.3.2") in names


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_drain_takes_one_pod_of_a_replicated_role_at_a_time(stack: str) -> None:
    recording = record_program(build, stack)
    scaled = set(kubernetes(recording, "HorizontalPodAutoscaler"))
    replicated = scaled | {
        name
        for name, workload in kubernetes(recording, "Deployment").items()
        if workload["spec"].get("replicas", 0) > 1
    }
    budgets = kubernetes(recording, "PodDisruptionBudget")
    assert set(budgets) == replicated == (ROLES if stack == "prod" else set())
    assert all(budget["spec"]["maxUnavailable"] == 1 for budget in budgets.values())


def test_an_autoscaler_decides_alone_on_the_pods_of_a_role_that_grows() -> None:
    recording = record_program(build, "prod")
    scalers, deployments = kubernetes(recording, "HorizontalPodAutoscaler"), kubernetes(recording, "Deployment")
    bounds = {name: (item["spec"]["minReplicas"], item["spec"]["maxReplicas"]) for name, item in scalers.items()}
    assert bounds == {"api-core": (2, 5), "api-execution": (3, 6)}
    for name, scaler in scalers.items():
        assert scaler["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        (metric,) = scaler["spec"]["metrics"]
        assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    assert {name for name, item in deployments.items() if "replicas" not in item["spec"]} == set(scalers)


def test_where_replicas_are_fixed_there_is_no_autoscaler() -> None:
    recording = record_program(build)
    assert not kubernetes(recording, "HorizontalPodAutoscaler")
    assert all(item["spec"]["replicas"] == 1 for item in kubernetes(recording, "Deployment").values())


def test_the_checksum_of_the_pods_is_that_of_their_configuration() -> None:
    sums = {
        role: workload["spec"]["template"]["metadata"]["annotations"][CONFIG_CHECKSUM_ANNOTATION]
        for role, workload in kubernetes(record_program(build), "Deployment").items()
    }
    assert len(set(sums.values())) == len(ROLES)


def test_endpoint() -> None:
    outputs = record_program(build).outputs
    assert outputs["core_host"] == "api-core.airflow.svc.cluster.local"
    assert outputs["execution_url"] == "https://api-execution.airflow.svc.cluster.local:8080/execution/"


def test_the_database_is_encrypted_anew_once_every_process_knows_the_new_key() -> None:
    steps = {"rotation": {"fernet_key": 1}}
    raised = record_program(build, "dev", as_config(credentials=steps))
    retired = record_program(build, "dev", as_config(credentials={**steps, "retired": {"fernet_key": 0}}))
    assert not [name for name in kubernetes(raised, "Job") if name.startswith("key-rotation")]
    (job,) = [item for name, item in kubernetes(retired, "Job").items() if name.startswith("key-rotation")]
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["airflow", "rotate-fernet-key"]
    waits_for = job["metadata"]["annotations"]["airflow-platform/waits-for"]
    assert set(waits_for.split(", ")) == ROLES
