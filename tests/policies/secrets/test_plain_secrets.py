from typing import Any

import pytest
from airflow_guard.node import UNKNOWN, SecretText
from airflow_guard.secrets.plain_secrets import RULE
from airflow_guard.secrets.shapes import is_literal, is_secret_name

from tests.policies.objects import ABSENT, change, config_map, deployment, judge, paths, resource, secret, text, worker

FIRST = "spec.template.spec.containers[0]"
VALUE = f"{FIRST}.env[0].value"
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"


def env(name: str, value: Any) -> dict[str, Any]:
    return change(deployment(), f"{FIRST}.env[0]", {"name": name, "value": value})


@pytest.mark.parametrize("made", [deployment(), worker(), config_map()])
def test_silent_on_compliant(made: dict[str, Any]) -> None:
    assert judge(RULE, made) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGPASSFILE", "/run/secrets/pgpass"),
        ("AIRFLOW__CORE__FERNET_KEY_CMD", "cat /run/secrets/fernet/key"),
        ("AIRFLOW__CORE__FERNET_KEY_SECRET", "airflow/fernet-key"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "airflow/database"),
        ("TOKEN_TTL_SECONDS", "3600"),
        ("MAX_TOKENS", "4096"),
        ("REDIS_PASSWORD", "$(BROKER_PASSWORD)"),
        ("DATABASE_URL", "postgresql://airflow:$(PASSWORD)@pgbouncer:5432/airflow"),
        ("ALLOW_EMPTY_PASSWORD", "no"),
        ("SECRET_NAME", "airflow-database"),
        ("MONKEY", "banana"),
        ("KEYSPACE", "orders"),
        ("BROKER", "redis://valkey.airflow-data.svc:6379/0"),
        ("EDGE", "http://user@host:8080/path@2"),
        ("PASSWORD_ENCRYPTION", "scram-sha-256"),
    ],
)
def test_harmless_names_and_values(name: str, value: str) -> None:
    assert judge(RULE, env(name, value)) == []


def test_a_reference_to_a_secret_is_no_secret() -> None:
    reference = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "x", "key": "password"}}}
    assert judge(RULE, change(deployment(), f"{FIRST}.env[0]", reference)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_PASSWORD", "hunter2"),
        ("PGPASSWORD", "hunter2"),
        ("adminPassword", "hunter2"),
        ("AIRFLOW__CORE__FERNET_KEY", "cFRtV2Z0QmF4ZEtnZk1yN0xQdGhOQ0ZVcm1ucFJ4SXI="),
        ("AIRFLOW__API__SECRET_KEY", "a-secret"),
        ("AIRFLOW__API_AUTH__JWT_SECRET", "a-secret"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://airflow:hunter2@pg/airflow"),
        ("AIRFLOW_CONN_WAREHOUSE", "snowflake://etl:hunter2@account/db"),
        ("BROKER", "redis://:hunter2@valkey:6379/0"),
        ("SLACK", "xoxb-1234567890-abcdef"),
        ("CLOUD", "AKIAIOSFODNN7EXAMPLE"),
        ("PEM", KEY),
        ("JAVA_OPTS", "password=hunter2"),
    ],
)
def test_secrets_in_the_environment(name: str, value: str) -> None:
    found = judge(RULE, env(name, value))
    assert paths(found) == [VALUE]
    assert value not in text(found)


@pytest.mark.parametrize(
    "words",
    [
        ["server", "--password=hunter2"],
        ["server", "--db-password", "hunter2"],
        ["sh", "-c", "redis-cli -h x -a hunter2 ping"],
        ["valkey-server", "--requirepass", "hunter2"],
        ["psql", "postgresql://airflow:hunter2@pg/airflow"],
        ["sh", "-c", "set -e\nexport PGPASSWORD=hunter2\npsql"],
    ],
)
def test_secrets_in_commands(words: list[str]) -> None:
    assert judge(RULE, change(deployment(), f"{FIRST}.args", words))


@pytest.mark.parametrize(
    "words",
    [
        ["server", "--password-file", "/run/secrets/password"],
        ["server", "--password", "$(PASSWORD)"],
        ["sh", "-c", 'redis-cli -a "$(cat /run/secrets/password)" ping'],
        ["server", "--token", "--verbose"],
    ],
)
def test_harmless_commands(words: list[str]) -> None:
    assert judge(RULE, change(deployment(), f"{FIRST}.args", words)) == []


@pytest.mark.parametrize(
    "content",
    [
        "[core]\nfernet_key = cFRtV2Z0QmF4ZEtnZk1yN0xQdGhOQ0ZV\n",
        "global:\n  smtp_auth_password: hunter2\n",
        '{\n  "password": "hunter2",\n  "user": "x"\n}\n',
        "maxmemory 1gb\nrequirepass hunter2\n",
        "sentinel monitor primary x 6379 2\nsentinel auth-pass primary hunter2\n",
        '"postgres" "hunter2"\n',
        f"tls:\n{KEY}\n",
        "export PGPASSWORD='hunter 2'\npsql\n",
    ],
)
def test_secrets_in_files(content: str) -> None:
    found = judge(RULE, config_map(**{"some.conf": content}))
    assert paths(found) == ['data["some.conf"]']
    assert "hunter2" not in text(found)


@pytest.mark.parametrize(
    "content",
    [
        "# password = hunter2\n[core]\n",
        "password_file: /run/secrets/x\nauth_type = scram-sha-256\n",
        "password = os.environ['PASSWORD']\n",
        "password: ${PASSWORD}\ntoken: '{{ token }}'\n",
        '"postgres" "SCRAM-SHA-256$4096:abc$def:ghi"\n',
        "secret_name: airflow-database\n",
        "password=$(cat /run/secrets/x)\nother\n",
    ],
)
def test_harmless_files(content: str) -> None:
    assert judge(RULE, config_map(**{"some.conf": content})) == []


def test_keys_of_a_config_map() -> None:
    assert paths(judge(RULE, config_map(password="hunter2"))) == ["data.password"]


def test_what_the_program_marked_as_secret() -> None:
    found = judge(RULE, env("GREETING", SecretText("hello")))
    assert paths(found) == [VALUE]
    assert "marked as secret" in text(found)


def test_urls_anywhere_else() -> None:
    made = change(deployment(), "metadata.annotations.note", "see https://bot:hunter2@git.example.com/x")
    assert paths(judge(RULE, made)) == ["metadata.annotations.note"]


def test_absent() -> None:
    assert judge(RULE, change(deployment(), f"{FIRST}.env", ABSENT)) == []
    assert not RULE.applies(resource(secret()))


def test_unknown() -> None:
    for made, path in ((env("MODE", UNKNOWN), VALUE), (config_map(mode=UNKNOWN), "data.mode")):
        assert [(item.path, item.unknown) for item in judge(RULE, made)] == [(path, True)]


def test_names_and_values() -> None:
    assert all(map(is_secret_name, ["token", "api-key", "Client_Secret", "sshPrivateKey", "GIT_PASS"]))
    assert not any(map(is_secret_name, ["", "compass", "passenger", "secretName", "token_file", "key", "tokenizer"]))
    assert is_literal("hunter2")
    assert not any(map(is_literal, ["", " ", "/etc/x", "<set me>", "****", "%(key)s", "12345"]))
