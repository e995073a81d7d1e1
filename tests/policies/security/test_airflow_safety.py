from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, NotKnownError
from airflow_guard.security.airflow_safety import RULE

from tests.policies.objects import ABSENT, change, config_map, deployment, judge, text

ENV = "spec.template.spec.containers[0].env[0]"
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"


def cfg(section: str, key: str, value: str, environment: str = "prod") -> dict[str, Any]:
    made = config_map(**{"airflow.cfg": f"[logging]\nx = 1\n\n[{section}]\n{key} = {value}\n"})
    return change(made, 'metadata.labels["airflow-platform/environment"]', environment)


def variable(section: str, key: str, value: Any) -> dict[str, Any]:
    return change(deployment(), ENV, {"name": f"AIRFLOW__{section.upper()}__{key.upper()}", "value": value})


DANGERS = [
    ("api", "expose_config", "True"),
    ("webserver", "expose_config", "true"),
    ("core", "hide_sensitive_var_conn_fields", "False"),
    ("core", "test_connection", "Enabled"),
    ("core", "load_examples", "True"),
    ("core", "auth_manager", SIMPLE),
    ("core", "executor", "LocalExecutor"),
    ("core", "executor", "LocalExecutor:team.executors.LocalExecutor"),
    ("core", "allowed_deserialization_classes", ".*"),
    ("api", "access_control_allow_origins", "*"),
]
SAFE = [
    ("api", "expose_config", "False"),
    ("core", "hide_sensitive_var_conn_fields", "True"),
    ("core", "test_connection", "Disabled"),
    ("core", "load_examples", "False"),
    ("core", "auth_manager", "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"),
    ("core", "executor", "CeleryExecutor"),
    ("core", "allowed_deserialization_classes", "airflow.* our.module.Thing"),
    ("api", "access_control_allow_origins", "https://example.com"),
    ("logging", "expose_config", "True"),
]


@pytest.mark.parametrize(("section", "key", "value"), SAFE)
def test_compliant(section: str, key: str, value: str) -> None:
    assert judge(RULE, cfg(section, key, value)) == []
    assert judge(RULE, variable(section, key, value)) == []


@pytest.mark.parametrize(("section", "key", "value"), DANGERS)
def test_violating(section: str, key: str, value: str) -> None:
    for made in (cfg(section, key, value), variable(section, key, value)):
        assert f"[{section}] {key}" in text(judge(RULE, made))


@pytest.mark.parametrize(
    ("key", "value", "count"),
    [
        ("load_examples", "True", 0),
        ("auth_manager", SIMPLE, 0),
        ("executor", "LocalExecutor", 0),
        ("test_connection", "Enabled", 1),
    ],
)
def test_what_dev_may(key: str, value: str, count: int) -> None:
    assert len(judge(RULE, cfg("core", key, value, "dev"))) == count


def test_visitors_with_a_role() -> None:
    assert "role Admin" in text(judge(RULE, config_map(**{"webserver_config.py": 'AUTH_ROLE_PUBLIC = "Admin"\n'})))
    assert (
        judge(RULE, config_map(**{"webserver_config.py": 'AUTH_ROLE_PUBLIC = "Public"\n# AUTH_ROLE_PUBLIC = "Op"\n'}))
        == []
    )


def test_absent() -> None:
    assert judge(RULE, change(deployment(), "spec.template.spec.containers[0].env", ABSENT)) == []


def test_unknown() -> None:
    with pytest.raises(NotKnownError):
        judge(RULE, variable("core", "test_connection", UNKNOWN))
