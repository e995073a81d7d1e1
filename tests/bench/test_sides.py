"""The side of Airflow's defaults: whatever it takes to be there, and not one choice of ours."""

import copy
from typing import Any

from components.airflow_core.configuration import config_files, written_keys
from components.celery_workers import configuration as workers
from components.contract.airflow import AIRFLOW_CFG
from tests.bench.sides import (
    DAG_PROCESSOR,
    ROLES,
    SCHEDULER,
    WIRING,
    WORKER,
    Deployed,
    Side,
    default_config,
    manifests,
)
from tests.harness import settings_of


def deployment(role: str) -> dict[str, Any]:
    container = {"name": "airflow", "image": "airflow@sha256:1", "args": ["airflow", role, "--our-choice"]}
    container |= {"resources": {"requests": {"cpu": "1"}}, "securityContext": {"runAsNonRoot": True}}
    pod = {
        "containers": [{**container, "volumeMounts": [{"name": "config", "mountPath": "/opt/airflow/config"}]}],
        "volumes": [
            {"name": "config", "configMap": {"name": f"{role}-config"}},
            {"name": "secrets", "secret": {"secretName": f"{role}-secrets-1"}},
        ],
    }
    labels = {"app.kubernetes.io/name": role}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "metadata": {"name": role, "namespace": "airflow"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def deployed() -> dict[str, Deployed]:
    settings = settings_of("prod")
    config = {role: config_files(role, settings) for role in ROLES if role != WORKER}
    config[WORKER] = workers.config_files(settings, "default")
    files = {SCHEDULER: ["broker_url", "ca.crt", "database_url"], WORKER: ["api_secret_key", "broker_url", "ca.crt"]}
    return {
        role: Deployed(deployment=deployment(role), config=config[role], secret_files=files.get(role, ["ca.crt"]))
        for role in ROLES
    }


def pod_of(objects: list[dict[str, Any]]) -> dict[str, Any]:
    return next(found for found in objects if found["kind"] == "Deployment")["spec"]["template"]["spec"]


def test_the_defaults_know_their_way_and_choose_nothing() -> None:
    every = deployed()
    config = {role: default_config(role, every)[AIRFLOW_CFG] for role in ROLES}
    assert "broker_url_cmd" in config[WORKER]
    assert "execution_api_server_url" in config[WORKER]
    assert "jwt_private_key_path" in config[SCHEDULER]
    choices = (
        "parallelism", "concurrency", "celery_config_options", "result_backend", "heartbeat", "pool_size", "json_logs",
        "coordinators", "max_active", "statsd", "timeout", "retries",
    )  # fmt: skip
    assert [(role, choice) for role in ROLES for choice in choices if choice in config[role]] == []


def test_results_of_the_defaults_go_to_the_metadata_database() -> None:
    worker = default_config(WORKER, deployed())
    assert "sql_alchemy_conn_cmd" in worker[AIRFLOW_CFG]
    assert "airflow_platform_database.py" in worker
    assert "sql_alchemy_conn_async_cmd" not in worker[AIRFLOW_CFG]


def test_what_the_defaults_keep_is_something_that_is_written() -> None:
    settings = settings_of("prod")
    written = {section: set(keys) for section, keys in written_keys(settings).items()}
    for section, keys in workers.sections(settings, "default").items():
        written.setdefault(section, set()).update(keys)
    assert {(section, key) for section, keys in WIRING.items() for key in keys - written[section]} == set()


def test_shipped_is_what_is_deployed_but_for_its_dag_files() -> None:
    every = deployed()
    before = copy.deepcopy(every)
    for role in ROLES:
        (workload,) = manifests(Side.SHIPPED, role, every)
        assert workload["spec"]["replicas"] == 0
        pod, was = pod_of([workload]), before[role].pod
        assert pod["containers"][0]["args"] == was["containers"][0]["args"]
        assert pod["volumes"][:2] == was["volumes"]
        assert manifests(Side.DEFAULTS, role, every)
    assert every == before


def test_sides_do_not_take_each_others_pods() -> None:
    every = deployed()
    selectors = [
        found["spec"]["selector"]["matchLabels"]
        for side in Side
        for found in manifests(side, DAG_PROCESSOR, every)
        if found["kind"] == "Deployment"
    ]
    assert selectors[0] != selectors[1]
    assert all(selector["app.kubernetes.io/name"] == DAG_PROCESSOR for selector in selectors)


def test_a_worker_of_the_defaults_gets_the_way_to_the_database_on_top_of_its_own_files() -> None:
    pod = pod_of(manifests(Side.DEFAULTS, WORKER, deployed()))
    (secrets,) = (volume for volume in pod["volumes"] if volume["name"] == "secrets")
    own, more = secrets["projected"]["sources"]
    assert own["secret"] == {"name": f"{WORKER}-secrets-1"}
    assert more["secret"]["items"] == [{"key": "database_url", "path": "database_url"}]
    assert pod["containers"][0]["args"] == ["airflow", "celery", "worker"]
