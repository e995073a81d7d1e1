"""What the Job decides that brings Airflow to what is declared, and how it is run."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from components.airflow_core.manifests.declared import told
from components.airflow_core.secrets import consumers
from components.contract.secrets import SecretValue
from settings.declared import DeclaredSettings
from tests.components.airflow_core.programs import load_asset
from tests.components.airflow_core.test_component import build
from tests.harness import as_config, kubernetes, record_program, settings_of

DECLARED = {
    "pools": {"etl": {"slots": 12, "description": "Nightly loads"}},
    "variables": {"limits": {"value": {"rows": 10}}, "partner_token": {"valueFrom": "partner_token"}},
    "connections": {
        "warehouse": {"connType": "postgres", "host": "db.example.com", "passwordFrom": "db", "extraFrom": "keys"}
    },
}
POOL = {"slots": 12, "description": "[airflow-platform] Nightly loads", "include_deferred": False}
CONNECTION = {"conn_type": "http", "password": "real", "extra": '{"a": 1}', "description": "[airflow-platform]"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_asset("declared")


def changes(script: ModuleType, kind: str, wanted: dict[str, Any], found: dict[str, Any]) -> list[tuple[str, str]]:
    (of_kind,) = [known for known in script.KINDS if known.path == kind]
    return [(change.verb, str(change)) for change in script.plan(of_kind, wanted, found)]


def test_a_line_says_what_is_there_and_what_is_declared(script: ModuleType) -> None:
    found = {"etl": {**POOL, "slots": 5, "include_deferred": True}}
    assert changes(script, "pools", {"etl": POOL}, found) == [
        ("PATCH", "pool etl: slots 5, declared 12, include_deferred true, declared false")
    ]
    assert changes(script, "pools", {"etl": POOL}, {"etl": POOL}) == []
    assert changes(script, "pools", {"etl": POOL}, {}) == [("POST", "pool etl: missing, declared")]


def test_only_what_carries_the_mark_is_deleted(script: ModuleType) -> None:
    found = {"ours": POOL, "theirs": {"slots": 3, "description": None}, "alike": {"slots": 3, "description": "x"}}
    assert changes(script, "pools", {}, found) == [("DELETE", "pool ours: declared no longer")]


def test_a_secret_is_never_shown_and_always_written_again(script: ModuleType) -> None:
    wanted = {"w": {**CONNECTION, "secret": ["password"]}}
    hidden = {"w": {**CONNECTION, "password": "***"}}
    ((verb, line),) = changes(script, "connections", wanted, hidden)
    assert (verb, line) == ("PATCH", "connection w: ")
    ((_, missing),) = changes(script, "connections", wanted, {"w": {**CONNECTION, "password": None}})
    assert missing == "connection w: password missing, declared"
    ((_, shown),) = changes(script, "connections", wanted, {"w": {**CONNECTION, "password": "other"}})
    assert shown == "connection w: password other than declared"


def test_a_password_that_is_not_declared_goes_with_the_whole_connection(script: ModuleType) -> None:
    wanted = {"w": {**CONNECTION, "password": None}}
    assert changes(script, "connections", wanted, {"w": {**CONNECTION, "password": "***"}}) == [
        ("PUT", "connection w: password set, none declared")
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ('{"rows":10,"key":"x"}', '{"key": "***", "rows": 10}'),
        ("{}", None),
        ("", None),
        ("10", "10"),
        ('["a", "b"]', '["a","b"]'),
    ],
)
def test_the_same_in_the_ways_of_the_api(script: ModuleType, wanted: Any, found: Any) -> None:
    assert script.same(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("10", "10.5"),
        ("1", "true"),
        ('{"rows":10}', '{"rows":10,"more":1}'),
        (None, "***"),
        ("x", None),
        ('["a"]', '["a","b"]'),
    ],
)
def test_not_the_same(script: ModuleType, wanted: Any, found: Any) -> None:
    assert not script.same(wanted, found)


def test_a_refusal_does_not_repeat_what_was_sent(script: ModuleType) -> None:
    detail = [{"loc": ["body", "extra"], "msg": "not JSON", "input": "s3cret", "type": "value_error"}]
    request = httpx.Request("POST", "https://airflow/api/v2/connections")
    with pytest.raises(script.RefusedError) as refused:
        script.checked(httpx.Response(422, json={"detail": detail}, request=request))
    assert str(refused.value) == "POST /api/v2/connections: 422 body.extra: not JSON"


def test_a_given_text_that_is_no_json_object_is_refused_without_being_shown(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "good").write_text('{"private_key": "k"}')
    (tmp_path / "bad").write_text("s3cret")
    item = {"description": "", "extra": '{"a": 1}'}

    def wanted(*files: str) -> dict[str, Any]:
        return {"connections": {file: {**item, "files": {"extra": str(tmp_path / file)}} for file in files}}

    kind = script.KINDS[-1]
    good = script.wanted_of(wanted("good"), kind)["good"]
    assert json.loads(good["extra"]) == {"a": 1, "private_key": "k"}
    assert good["secret"] == ["extra"]
    with pytest.raises(script.RefusedError) as refused:
        script.wanted_of(wanted("good", "bad"), kind)
    assert str(refused.value) == "connection bad: what extraFrom names is no JSON object"


def test_the_configuration_holds_names_of_files_and_no_secret() -> None:
    found = told(settings_of("dev"), DeclaredSettings.model_validate(DECLARED))
    assert found["variables"]["limits"] == {"description": "", "value": '{"rows": 10}'}
    assert found["variables"]["partner_token"]["files"] == {
        "value": "/run/secrets/airflow-platform/given_partner_token"
    }
    warehouse = found["connections"]["warehouse"]
    assert warehouse["password"] is None
    assert set(warehouse["files"]) == {"password", "extra"}


def test_one_pod_reads_what_is_given_and_its_own_login() -> None:
    settings = settings_of("dev")
    airflow = settings.airflow.model_copy(update={"declared": DeclaredSettings.model_validate(DECLARED)})
    found = {consumer.name: consumer for consumer in consumers(settings.model_copy(update={"airflow": airflow}))}
    assert found["declared"].values() == {SecretValue.DECLARED_PASSWORD, SecretValue.AUTHORITY_CERTIFICATE}
    assert {name: consumer.given.keys() for name, consumer in found.items() if consumer.given} == {
        "declared": {"given_db", "given_keys", "given_partner_token"}
    }
    readers = {name for name, consumer in found.items() if SecretValue.DECLARED_PASSWORD in consumer.values()}
    assert readers == {"declared", "migration"}


@pytest.mark.parametrize(("repair", "mode"), [(False, "check"), (True, "repair")])
def test_a_deployment_applies_and_the_schedule_looks_or_repairs(*, repair: bool, mode: str) -> None:
    pools = {"etl": {"slots": 12}}
    config = as_config(
        airflow={"declared": {"pools": pools, "repair": repair}, "parallelism": 16, "defaultPoolSlots": 16}
    )
    recording = record_program(build, "dev", config)
    (job,) = [item for name, item in kubernetes(recording, "Job").items() if name.startswith("declared-")]
    cron = kubernetes(recording, "CronJob")["declared"]
    assert job["metadata"]["annotations"]["airflow-platform/waits-for"] == "api-core"
    assert cron["metadata"]["annotations"]["airflow-platform/waits-for"] == job["metadata"]["name"]
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    (rule,) = job["spec"]["podFailurePolicy"]["rules"]
    assert rule == {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [2]}}
    pods = [job["spec"]["template"]["spec"], cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]]
    assert [pod["containers"][0]["args"][-1] for pod in pods] == ["apply", mode]
