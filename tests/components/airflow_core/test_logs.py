"""Where task logs go: the store of the stack's own, who removes old ones from it, how a given bucket is opened."""

from typing import Any

from components.foundation.quota import quotas
from settings.load import parse
from tests.components.airflow_core.test_component import build, container, pod
from tests.harness import as_config, kubernetes, record_program
from tests.settings.logs import LOG_BUCKET, LOG_STORE, with_logs

ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/logs"}


def recorded(logs: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    values = with_logs("dev", logs)["airflow"]
    return kubernetes(record_program(build, "dev", as_config(airflow=values)), kind)


def test_a_store_of_the_stacks_own_has_a_volume_and_a_name() -> None:
    found = recorded({"bundled": LOG_STORE}, "StatefulSet")
    assert set(found) == {"log-store"}
    assert set(recorded({"bundled": LOG_STORE}, "PersistentVolumeClaim")) == {"log-store"}
    assert "log-store" in recorded({"bundled": LOG_STORE}, "Service")


def test_old_logs_are_removed_by_one_job_a_day_that_knows_the_store_alone() -> None:
    store = {**LOG_STORE, "keepDays": 12, "cleanSchedule": "5 4 * * *"}
    job = recorded({"bundled": store}, "CronJob")["log-cleaning"]
    spec = job["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("5 4 * * *", "Forbid")
    (runs,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert runs["args"] == ["python", "/opt/airflow/config/clean_logs.py", "12"]
    config = recorded({"bundled": store}, "ConfigMap")["log-cleaning-config"]["data"]
    assert set(config) == {"clean_logs.py", "airflow_platform_bucket.py", "bucket.json"}


def test_a_given_bucket_brings_no_store_and_its_secret_lies_with_who_writes_and_shows() -> None:
    logs = {"s3": LOG_BUCKET}
    assert recorded(logs, "StatefulSet") == {}
    assert "log-cleaning" not in recorded(logs, "CronJob")
    mounting = {
        role
        for role, workload in recorded(logs, "Deployment").items()
        if {"name": "bucket", "secret": {"secretName": "log-bucket", "defaultMode": 0o440}} in pod(workload)["volumes"]
    }
    assert mounting == {"triggerer", "api-core"}
    mounts = {mount["name"]: mount for mount in container(recorded(logs, "Deployment")["api-core"])["volumeMounts"]}
    assert mounts["bucket"]["mountPath"] == "/run/secrets/bucket"


def test_a_cloud_knows_them_by_their_accounts() -> None:
    bucket = {**LOG_BUCKET, "credentialsSecret": None, "keyType": "web-id"}
    logs = {"s3": bucket, "serviceAccountAnnotations": ROLE}
    accounts = recorded(logs, "ServiceAccount")
    assert {name for name, account in accounts.items() if account["metadata"].get("annotations") == ROLE} == {
        "triggerer",
        "api-core",
    }
    assert not any(
        volume["name"] == "bucket"
        for workload in recorded(logs, "Deployment").values()
        for volume in pod(workload)["volumes"]
    )


def test_the_quota_has_room_for_the_store_and_the_job() -> None:
    with_store, without = parse(with_logs("dev", {"bundled": LOG_STORE})), parse(with_logs("dev", None))
    space = without.namespaces.airflow
    assert quotas(with_store)[space].pods == quotas(without)[space].pods + 2
    assert quotas(with_store)[space].volumes == quotas(without)[space].volumes + 1
