import base64
from typing import Any

import pytest
from airflow_guard.node import UNKNOWN
from airflow_guard.secrets.default_accounts import RULE

from tests.policies.objects import ABSENT, change, config_map, deployment, judge, paths, resource, secret, text

FIRST = "spec.template.spec.containers[0]"
ALL_ADMINS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"


def env(name: str, value: Any, environment: str = "prod") -> dict[str, Any]:
    return change(deployment(environment=environment), f"{FIRST}.env[0]", {"name": name, "value": value})


def encoded(**data: str) -> dict[str, Any]:
    values = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {**change(secret(), "stringData", ABSENT), "data": values}


@pytest.mark.parametrize(
    "made",
    [
        deployment(),
        secret(),
        config_map(),
        encoded(password="Vb7yJ0mZs2Tq", username="admin"),
        secret(users='{"admin": "Vb7yJ0mZs2Tq"}'),
        env("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "admin:admin"),
        env(ALL_ADMINS, "False"),
        env(ALL_ADMINS, "True", environment="dev"),
        secret(**{"userlist.txt": '"airflow" "Vb7yJ0mZs2Tq"\n'}),
    ],
)
def test_silent_on_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize(
    "made",
    [
        secret(password="admin"),
        secret(password="Airflow\n"),
        encoded(password="postgres"),
        secret(**{"airflow.passwords": '{"admin": "admin"}'}),
        secret(**{"userlist.txt": '"airflow" "airflow"\n'}),
        secret(url="postgresql://postgres:postgres@pg/airflow"),
        secret(url="amqp://tenant:tenant@broker//"),
        encoded(**{"valkey.conf": "port 6379\nrequirepass foobared\n"}),
        config_map(**{"grafana.ini": "[security]\nadmin_password = admin\n"}),
        env("_AIRFLOW_WWW_USER_PASSWORD", "airflow"),
        env("GF_SECURITY_ADMIN_PASSWORD", "admin"),
        env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://airflow:airflow@pg/airflow"),
    ],
)
def test_well_known_passwords(made: dict[str, Any]) -> None:
    assert "well-known password" in text(judge(RULE, made))


@pytest.mark.parametrize(
    "made",
    [env(ALL_ADMINS, "True"), env(ALL_ADMINS, "1"), config_map(cfg="[core]\nsimple_auth_manager_all_admins = True\n")],
)
def test_everyone_an_administrator(made: dict[str, Any]) -> None:
    assert "every visitor an administrator" in text(judge(RULE, made))


def test_commands() -> None:
    create = ["airflow", "users", "create", "--username", "admin", "--password", "admin"]
    assert "well-known" in text(judge(RULE, change(deployment(), f"{FIRST}.args", create)))
    assert "standalone" in text(judge(RULE, change(deployment(), f"{FIRST}.args", ["airflow", "standalone"])))


def test_absent() -> None:
    assert judge(RULE, change(secret(), "stringData", ABSENT)) == []
    assert not RULE.applies(resource({"kind": "Service", "metadata": {}}))


def test_unknown() -> None:
    found = judge(RULE, env("MODE", UNKNOWN))
    assert [(item.path, item.unknown) for item in found] == [(f"{FIRST}.env[0].value", True)]
    assert paths(judge(RULE, config_map(x=UNKNOWN))) == ["data.x"]


def test_generated_secrets_are_asked_again_when_they_are_known() -> None:
    assert judge(RULE, secret(password=UNKNOWN)) == []
    assert judge(RULE, change(secret(), "stringData", UNKNOWN)) == []
    assert "well-known" in text(judge(RULE, secret(password=UNKNOWN, other_password="admin")))
