"""Task logs: what who writes and who reads them is told, which key opens the bucket, and how it is verified."""

import json
from typing import Any

import pytest

from components.airflow_core.configuration import ROLES, config_files
from components.celery_workers import configuration as workers
from components.contract import names, task_logs
from components.contract.edges import Edge, edges
from components.contract.secrets import SecretValue
from components.credentials import matrix
from components.images.catalogue import unneeded
from components.platform.declarations import consumers, workloads
from settings.load import parse
from settings.platform_settings import PlatformSettings
from tests.settings.external import AUTHORITY
from tests.settings.logs import LOG_BUCKET, LOG_STORE, with_logs

BUNDLED = parse(with_logs("dev", {"bundled": LOG_STORE}))
BUCKET = parse(with_logs("dev", {"s3": LOG_BUCKET}))
NONE = parse(with_logs("dev", None))
HANDLES = {"worker-default", names.TRIGGERER, names.API_CORE}


def told(settings: PlatformSettings) -> dict[str, Any]:
    return json.loads(task_logs.files(settings)[task_logs.BUCKET_FILE])


def files_of(settings: PlatformSettings) -> dict[str, dict[str, str]]:
    found = {role: config_files(role, settings) for role in ROLES}
    return {**found, "worker-default": workers.config_files(settings, "default")}


def test_who_writes_and_who_shows_logs_is_told_of_the_bucket_and_nobody_else() -> None:
    for settings, told_of_it in ((BUNDLED, HANDLES), (BUCKET, HANDLES), (NONE, set[str]())):
        found = files_of(settings)
        assert {role for role, files in found.items() if task_logs.LOGGING_MODULE in files} == told_of_it
        line = "logging_config_class = airflow_platform_logs.LOGGING_CONFIG"
        assert {role for role, files in found.items() if line in files["airflow.cfg"]} == told_of_it


def test_the_stacks_own_store_is_found_by_its_name_and_verified_by_the_platforms_authority() -> None:
    assert told(BUNDLED) == {
        "addressing": "path",
        "authority": "/run/secrets/airflow-platform/ca.crt",
        "bucket": "logs",
        "endpoint": "https://log-store.airflow.svc.cluster.local:7070",
        "keys": ["/run/secrets/airflow-platform/logs_access_key", "/run/secrets/airflow-platform/logs_secret_key"],
        "prefix": "airflow-platform/",
        "region": "us-east-1",
    }
    by_name = {item.name: item for item in consumers(BUNDLED)}
    assert all("ca.crt" in by_name[reader].files for reader in (*HANDLES, names.LOG_CLEANING))


@pytest.mark.parametrize(
    ("own", "keys"),
    [
        ({}, ["/run/secrets/bucket/AWS_ACCESS_KEY_ID", "/run/secrets/bucket/AWS_SECRET_ACCESS_KEY"]),
        ({"credentialsSecret": None, "keyType": "web-id"}, []),
        ({"keyType": "auto"}, []),
    ],
)
def test_a_given_bucket_is_opened_by_a_secret_of_the_stacks_own_or_by_who_a_pod_is(
    own: dict[str, Any], keys: list[str]
) -> None:
    settings = parse(with_logs("dev", {"s3": {**LOG_BUCKET, **own}}))
    assert told(settings)["keys"] == keys
    assert (task_logs.given_secret(settings) == "log-bucket") is bool(keys)
    assert task_logs.secret_files(settings) == {}


def test_a_given_bucket_is_verified_by_its_own_authority_or_by_the_public_ones() -> None:
    assert told(BUCKET)["authority"] == ""
    own = parse(with_logs("dev", {"s3": {**LOG_BUCKET, "authority": AUTHORITY, "uriStyle": "path"}}))
    assert told(own)["authority"] == "/opt/airflow/config/bucket.crt"
    assert told(own)["addressing"] == "path"
    assert task_logs.files(own)["bucket.crt"] == own.airflow.logs.s3.authority  # pyright: ignore[reportOptionalMemberAccess]


def test_only_they_and_who_removes_old_logs_reach_the_store() -> None:
    found = [edge for edge in edges(workloads(BUNDLED)) if names.LOG_STORE in (edge.source, edge.target)]
    assert found == [
        Edge(source=source, target=names.LOG_STORE, port=7070) for source in sorted({*HANDLES, names.LOG_CLEANING})
    ]
    of_cleaning = [edge for edge in edges(workloads(BUNDLED)) if edge.source == names.LOG_CLEANING]
    assert [edge.target for edge in of_cleaning] == [names.LOG_STORE]


def test_a_bucket_elsewhere_opens_the_way_out_to_who_shows_logs() -> None:
    out = {edge.source for edge in edges(workloads(BUCKET)) if edge.target == "internet"}
    before = {edge.source for edge in edges(workloads(NONE)) if edge.target == "internet"}
    assert out - before == {names.API_CORE}
    assert before > {"worker-default", names.TRIGGERER}


def test_the_key_of_logs_opens_nothing_else_and_who_needs_none_has_none() -> None:
    keys = {SecretValue.LOGS_ACCESS_KEY, SecretValue.LOGS_SECRET_KEY}
    holders = {name for name, values in matrix(consumers(BUNDLED)).items() if values & keys}
    assert holders == {*HANDLES, names.LOG_CLEANING, names.LOG_STORE}
    backups = {SecretValue.BACKUP_ACCESS_KEY, SecretValue.BACKUP_SECRET_KEY}
    assert not any(values & backups for name, values in matrix(consumers(BUNDLED)).items() if name in holders)
    for settings in (BUCKET, NONE):
        assert not any(values & keys for values in matrix(consumers(settings)).values())


def test_a_stack_without_a_store_builds_no_image_for_it() -> None:
    assert "versitygw" not in unneeded(BUNDLED)
    assert "versitygw" in unneeded(BUCKET)
