import base64
from typing import Any

import pytest
from airflow_guard.network.encrypted_connections import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import change, config_map, deployment, judge, metadata, secret, text

VALUE = "spec.template.spec.containers[0].env[0]"


def of(value: Any) -> list[Any]:
    return judge(RULE, change(deployment(), VALUE, {"name": "AIRFLOW__CELERY__BROKER_URL", "value": value}))


@pytest.mark.parametrize(
    "value",
    [
        "rediss://:x@valkey:6379/0",
        "amqps://rabbit/",
        "redis://localhost:6379/0",
        "redis://127.0.0.1:6379",
        "sentinel://valkey-sentinel-0:26379",
        "postgresql://pooler:5432/airflow?sslmode=verify-full&sslrootcert=/run/ca.crt",
        "db+postgresql://pooler/airflow?sslmode=require",
        "postgresql+psycopg2:///airflow?host=/run/postgresql",
        "postgresql+asyncpg://pooler/airflow",
        "/airflow?host=/run/postgresql&sslmode=disable",
        "sslmode=verify-ca",
    ],
)
def test_compliant(value: str) -> None:
    assert of(value) == []


def test_compliant_in_a_relaxed_environment() -> None:
    made = change(config_map(), "data.broker", "redis://valkey:6379")
    assert judge(RULE, change(made, 'metadata.labels["airflow-platform/environment"]', "dev")) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("redis://:hunter2@valkey:6379/0", "connects to valkey by redis without"),
        ("amqp://guest:hunter2@rabbit:5672", "connects to rabbit by amqp without"),
        ("postgresql://a:hunter2@pooler:5432/airflow", "connects to pooler by postgresql without"),
        ("db+postgresql+psycopg://a:hunter2@pooler/x?sslmode=prefer", "connects to pooler by db+postgresql+psycopg"),
        ("host=pooler sslmode=disable password=hunter2", "sets sslmode to disable"),
    ],
)
def test_violating(value: str, said: str) -> None:
    [found] = of(value)
    assert said in found.what
    assert "hunter2" not in found.what
    assert (found.path, found.part) == (f"{VALUE}.value", "container scheduler")


@pytest.mark.parametrize(
    ("line", "said"),
    [("client_tls_sslmode = allow", "client_tls_sslmode to allow"), ("      sslmode: prefer", "sslmode to prefer")],
)
def test_violating_in_a_file(line: str, said: str) -> None:
    [found] = judge(RULE, config_map(**{"pgbouncer.ini": f"[pgbouncer]\n{line}\nserver_tls_sslmode = verify-full\n"}))
    assert said in found.what


def test_violating_in_a_secret() -> None:
    plain = "redis://:hunter2@valkey:6379/0"
    encoded = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata("x")}
    encoded["data"] = {"url": base64.b64encode(plain.encode()).decode()}
    for made, path in ((secret(url=plain), "stringData.url"), (encoded, "data.url")):
        [found] = judge(RULE, made)
        assert found.path == path
        assert "hunter2" not in found.what


def test_absent() -> None:
    assert judge(RULE, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("x")}) == []
    assert text(of("postgresql://pooler/airflow")).startswith("connects to pooler")


def test_unknown() -> None:
    [found] = of(UNKNOWN)
    assert found.unknown
    assert judge(RULE, secret(url=UNKNOWN)) == []
