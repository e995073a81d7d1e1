from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.secrets.worker_secrets import RULE

from tests.policies.objects import ABSENT, change, config_map, deployment, judge_stack, paths, stack_of, text, worker

ENV = "spec.template.spec.containers[0].env"
VOLUME = "spec.template.spec.volumes[1]"


def with_env(name: str, value: Any) -> dict[str, Any]:
    return change(worker(), ENV, [{"name": name, "value": value}])


def plain_worker() -> dict[str, Any]:
    return with_env("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")


def mounting(name: str = "config") -> dict[str, Any]:
    return change(plain_worker(), VOLUME, {"name": "config", "configMap": {"name": name}})


def cfg(section: str, key: str, value: str = "/run/secrets/x") -> dict[str, Any]:
    return config_map(**{"airflow.cfg": f"[{section}]\n{key} = {value}\n"})


KEYS = [
    ("database", "sql_alchemy_conn_cmd"),
    ("database", "sql_alchemy_conn"),
    ("database", "sql_alchemy_conn_async_cmd"),
    ("core", "fernet_key_cmd"),
    ("core", "fernet_key_secret"),
    ("api_auth", "jwt_private_key_path"),
    ("api_auth", "jwt_secret"),
]


def test_compliant() -> None:
    broker = cfg("celery", "broker_url_cmd")
    assert judge_stack(RULE, stack_of(mounting(), broker)) == []
    assert judge_stack(RULE, stack_of(mounting(), cfg("database", "sql_alchemy_conn", "sqlite:////tmp/x.db"))) == []
    assert judge_stack(RULE, stack_of(deployment(), cfg("core", "fernet_key_cmd"))) == []


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_violating(section: str, key: str) -> None:
    assert paths(judge_stack(RULE, stack_of(mounting(), cfg(section, key)))) == ['data["airflow.cfg"]']
    made = with_env(f"AIRFLOW__{section.upper()}__{key.upper()}", "x")
    assert paths(judge_stack(RULE, stack_of(made))) == [f"{ENV}[0].value"]


def test_only_what_the_worker_mounts() -> None:
    other = change(cfg("core", "fernet_key_cmd"), "metadata.namespace", "another")
    assert judge_stack(RULE, stack_of(mounting("another"), cfg("core", "fernet_key_cmd"))) == []
    assert judge_stack(RULE, stack_of(mounting(), other)) == []
    assert "the key of all Connections" in text(judge_stack(RULE, stack_of(mounting(), cfg("core", "fernet_key_cmd"))))


def test_absent() -> None:
    assert judge_stack(RULE, stack_of(change(worker(), ENV, ABSENT))) == []


def test_unknown() -> None:
    found = judge_stack(RULE, stack_of(with_env("AIRFLOW__CORE__FERNET_KEY_CMD", UNKNOWN)))
    assert [(item.path, item.unknown) for item in found] == [(f"{ENV}[0].value", True)]
