"""The workers of a queue: they stop without killing a task, and they hold nothing of the control plane."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.celery_workers import CeleryWorkers, CeleryWorkersArgs
from components.celery_workers.configuration import TASKS_MODULE, config_files, sections
from components.celery_workers.peers import workloads
from components.celery_workers.secrets import consumers
from components.contract.secrets import SecretValue
from settings.load import parse
from settings.platform_settings import PlatformSettings
from tests.components.celery_workers.formula import signals_of
from tests.harness import STACKS, Stage, as_config, kubernetes, record_program, settings_of
from tests.settings.external import BUNDLE
from tests.settings.stack_files import changed, values_of

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
            autoscaling=stage.autoscaling() if stage.settings.workers.queues["default"].is_scaled else None,
        ),
        stage.opts,
    )


def worker(stack: str) -> dict[str, Any]:
    return kubernetes(record_program(build, stack), "Deployment")["worker-default"]


def of_version(settings: PlatformSettings, version: str) -> PlatformSettings:
    return settings.model_copy(update={"airflow": settings.airflow.model_copy(update={"version": version})})


def rollout_of(queue: dict[str, Any]) -> tuple[object, object, int | None]:
    """Surge, pods that may be missing, and the seconds that a new pod must have been ready."""
    values = values_of("dev")["workers"]["queues"]["default"]
    config = as_config(workers={"queues": {"default": {**values, **queue}}})
    spec = kubernetes(record_program(build, "dev", config), "Deployment")["worker-default"]["spec"]
    rolling = spec["strategy"]["rollingUpdate"]
    return rolling["maxSurge"], rolling["maxUnavailable"], spec.get("minReadySeconds")


def test_workers_are_replaced_one_by_one_or_by_a_second_pool_and_never_before_a_new_one_consumes() -> None:
    assert rollout_of({}) == (1, 0, None)
    assert rollout_of({"rollout": "blueGreen"}) == ("100%", 0, 30)


@pytest.mark.parametrize("stack", STACKS)
def test_a_worker_reads_the_broker_and_the_log_key_and_nothing_else(stack: str) -> None:
    wanted = {SecretValue.BROKER_AIRFLOW_PASSWORD, SecretValue.API_SECRET_KEY, SecretValue.AUTHORITY_CERTIFICATE}
    for consumer in consumers(settings_of(stack)):
        assert consumer.values() == wanted
        assert not FORBIDDEN.search(json.dumps(dict(consumer.files)))


def test_a_task_trusts_the_authority_in_the_words_of_its_version() -> None:
    settings = settings_of("dev")
    older = of_version(settings, "3.2.2")
    authority = "/run/secrets/airflow-platform/ca.crt"
    before, now = sections(older, "default")["api"], sections(settings, "default")["api"]
    assert before["ssl_cert"] == authority
    assert not {"ssl_ca_file", "client_use_public_certs"} & before.keys()
    assert (now["ssl_ca_file"], now["client_use_public_certs"], now.get("ssl_cert")) == (authority, "False", None)


def test_a_slot_is_free_when_its_task_has_ended_and_an_older_airflow_looks_often() -> None:
    settings = settings_of("dev")
    older = of_version(settings, "3.2.2")
    assert json.loads(sections(settings, "default")["sdk"]["queue_to_coordinator"]) == {"default": "airflow-platform"}
    assert "min_heartbeat_interval" not in sections(settings, "default")["workers"]
    assert TASKS_MODULE in config_files(settings, "default")
    assert "sdk" not in sections(older, "default")
    assert sections(older, "default")["workers"]["min_heartbeat_interval"] == "2"
    assert TASKS_MODULE not in config_files(older, "default")


def test_another_queue_changes_nothing_of_the_workers_that_are_there() -> None:
    settings = settings_of("dev")
    queues = {**settings.workers.queues, "more": settings.workers.queues["default"]}
    more = settings.model_copy(update={"workers": settings.workers.model_copy(update={"queues": queues})})
    assert config_files(more, "default") == config_files(settings, "default")


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
    # Beside its own: the key of the bucket that its tasks' logs go to.
    assert mounted == [*(["log-bucket"] if stack == "prod" else []), "worker-default-secrets"]


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


def test_a_worker_that_is_still_starting_hears_the_stop_signal_later(tmp_path: Path) -> None:
    """A signal in the middle of its start is lost, and the worker would take tasks until it is killed."""
    (container,) = worker("dev")["spec"]["template"]["spec"]["containers"]
    shell, _, script = container["lifecycle"]["preStop"]["exec"]["command"]
    assert "$(seq 60)" in script
    table = tmp_path / "tcp"
    table.write_text("  0: 0100007F:1F90 00000000:0000 0A 0\n")
    watched = script.replace("/proc/net/tcp6", "").replace("/proc/net/tcp", str(table))
    watched = watched.replace("seq 60", "seq 2").replace("sleep 1", "echo waited")

    def waited() -> int:
        return subprocess.run([shell, "-c", watched], check=True, capture_output=True, text=True).stdout.count("waited")

    assert waited() == 2
    table.write_text("  1: 8500120C:A2C4 4600120C:18EB 01 0\n")
    assert waited() == 0


def test_no_secret_stands_in_the_environment() -> None:
    (container,) = worker("dev")["spec"]["template"]["spec"]["containers"]
    assert all("valueFrom" not in variable for variable in container["env"])
    assert "envFrom" not in container


def scaler(stack: str, config: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    return kubernetes(record_program(build, stack, config), "ScaledObject")["worker-default"]["spec"]


def queries(triggers: list[dict[str, Any]]) -> dict[str, str]:
    return {trigger["name"]: trigger["metadata"].get("query", "") for trigger in triggers}


def test_a_scaled_deployment_says_nothing_about_its_number_of_pods() -> None:
    assert "replicas" not in worker("prod")["spec"]
    assert worker("dev")["spec"]["replicas"] == 1
    assert kubernetes(record_program(build, "dev"), "ScaledObject") == {}


def test_the_scaler_of_prod_reads_every_signal_of_its_formula() -> None:
    spec = scaler("prod")
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (3, 50)
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker-default"}
    modifiers = spec["advanced"]["scalingModifiers"]
    assert {trigger["name"] for trigger in spec["triggers"]} == signals_of(modifiers["formula"])
    assert (modifiers["target"], modifiers["metricType"]) == ("1", "AverageValue")
    found = queries(spec["triggers"])
    own = "queue = 'default' AND coalesce(executor, 'CeleryExecutor') LIKE '%CeleryExecutor'"
    assert all(own in found[signal] for signal in ("queued", "busy", "age"))
    assert 'pod=~"worker-default-[a-z0-9]+-[a-z0-9]{5}"' in found["memory"]


def test_only_the_database_is_logged_in_to() -> None:
    with_login = {trigger["name"] for trigger in scaler("prod")["triggers"] if "authenticationRef" in trigger}
    assert with_login == {"queued", "busy", "age"}


def test_without_a_prometheus_of_ours_usage_has_no_say() -> None:
    spec = scaler("prod", as_config(monitoring={"mode": "operator"}))
    assert set(queries(spec["triggers"])) == {"queued", "busy", "age", "current"}


def test_planned_times_and_a_queue_that_starts_from_nothing() -> None:
    planned = [{"start": "45 1 * * *", "end": "0 4 * * *", "timezone": "Europe/Berlin", "replicas": 2}]
    queue = {"minReplicas": 0, "maxReplicas": 2, "concurrency": 4, "scaling": {"planned": planned}}
    spec = scaler("prod", as_config(workers={"queues": {"default": queue}}))
    assert spec["triggers"][-1] == {
        "type": "cron",
        "name": "planned0",
        "metadata": {
            "timezone": "Europe/Berlin",
            "start": "45 1 * * *",
            "end": "0 4 * * *",
            "desiredReplicas": "2",
        },
    }
    assert spec["advanced"]["scalingModifiers"]["formula"].startswith("max(planned0, ")
    assert spec["fallback"]["replicas"] == 1, "while nothing can be read, KEDA itself would take the last worker away"
    assert spec["pollingInterval"] == 10


def test_a_worker_runs_dags_from_git_and_another_commit_changes_nothing_of_it() -> None:
    settings = parse(changed(values_of("dev"), "airflow.bundles", {"team": BUNDLE}))
    later = parse(changed(values_of("dev"), "airflow.bundles", {"team": {**BUNDLE, "ref": "0" * 40}}))
    assert BUNDLE["url"] in config_files(settings, "default")["airflow.cfg"]
    assert config_files(settings, "default") == config_files(later, "default")
    (consumer,) = consumers(settings)
    assert set(consumer.given) == {"given_team_token"}
    (workload,) = workloads(settings)
    assert [service.name for service in workload.services] == ["git-team"]


def test_a_worker_has_room_for_the_clones() -> None:
    values = {**values_of("dev")["airflow"], "bundles": {"team": BUNDLE, "other": {**BUNDLE, "storage": "3Gi"}}}
    found = kubernetes(record_program(build, "dev", as_config(airflow=values)), "Deployment")["worker-default"]
    volumes = {volume["name"]: volume for volume in found["spec"]["template"]["spec"]["volumes"]}
    assert volumes["bundles"]["emptyDir"]["sizeLimit"] == str(4 * 2**30)
