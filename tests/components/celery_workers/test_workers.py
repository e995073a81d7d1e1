"""The workers of a queue: they stop without killing a task, and they hold nothing of the control plane."""

import json
import re
from typing import Any

import pytest

from components.celery_workers import CeleryWorkers, CeleryWorkersArgs
from components.celery_workers.peers import workloads
from components.celery_workers.secrets import consumers
from components.contract.secrets import SecretValue
from tests.harness import STACKS, Stage, kubernetes, record_program, settings_of

FORBIDDEN = re.compile(r"postgres|sql_alchemy_conn|fernet|jwt|trusted_jwks|admin_password|oidc", re.IGNORECASE)


def build() -> None:
    stage = Stage.of_stack()
    CeleryWorkers(
        "workers-default",
        CeleryWorkersArgs(
            settings=stage.settings,
            labels=stage.labels,
            images=stage.images,
            namespace=stage.settings.namespaces.airflow,
            secrets=stage.secrets(consumers(stage.settings)),
            priority_class="workers",
            queue="default",
            redis=stage.redis(),
            airflow=stage.airflow(),
        ),
        stage.opts,
    )


def worker(stack: str) -> dict[str, Any]:
    return kubernetes(record_program(build, stack), "Deployment")["worker-default"]


@pytest.mark.parametrize("stack", STACKS)
def test_a_worker_reads_the_broker_and_the_log_key_and_nothing_else(stack: str) -> None:
    wanted = {SecretValue.BROKER_AIRFLOW_PASSWORD, SecretValue.API_SECRET_KEY, SecretValue.AUTHORITY_CERTIFICATE}
    for consumer in consumers(settings_of(stack)):
        assert consumer.values() == wanted
        assert not FORBIDDEN.search(json.dumps(dict(consumer.files)))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_nothing_that_is_rendered_for_a_worker_names_the_control_planes_secrets(stack: str) -> None:
    recording = record_program(build, stack)
    config = kubernetes(recording, "ConfigMap")["worker-default-config"]
    assert not FORBIDDEN.search(json.dumps(config["data"]["airflow.cfg"]))
    assert not FORBIDDEN.search(json.dumps(worker(stack)))
    mounted = [
        volume["secret"]["secretName"]
        for volume in worker(stack)["spec"]["template"]["spec"]["volumes"]
        if "secret" in volume
    ]
    assert mounted == ["worker-default-secrets"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_worker_reaches_the_database(stack: str) -> None:
    for workload in workloads(settings_of(stack)):
        assert not {need.workload for need in workload.needs} & {"postgres", "postgres-pooler", "api-core"}
        assert ("api-execution", "https") in {(need.workload, need.port) for need in workload.needs}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stopping_worker_is_given_its_longest_task_and_more(stack: str) -> None:
    longest = settings_of(stack).workers.queues["default"].longest_task_seconds
    template = worker(stack)["spec"]["template"]
    assert template["spec"]["terminationGracePeriodSeconds"] > longest
    assert template["metadata"]["annotations"]["airflow-platform/longest-task-seconds"] == str(longest)
    assert template["metadata"]["labels"]["airflow-platform/role"] == "worker"


def test_the_stop_signal_reaches_the_worker_alone() -> None:
    (container,) = worker("dev")["spec"]["template"]["spec"]["containers"]
    assert {"name": "DUMB_INIT_SETSID", "value": "0"} in container["env"]
    assert "command" not in container  # the image's init stays
    assert container["args"][:3] == ["airflow", "celery", "worker"]


def test_no_secret_stands_in_the_environment() -> None:
    (container,) = worker("dev")["spec"]["template"]["spec"]["containers"]
    assert all("valueFrom" not in variable for variable in container["env"])
    assert "envFrom" not in container
