"""Who of PostgresHA reads what, and under which names certificates are asked for."""

import pytest
import yaml

from components.contract.secrets import SecretValue
from components.postgres_ha.secrets import consumers
from tests.harness import settings_of

PROD = {item.name: item for item in consumers(settings_of("prod"))}
MADE_UP = {value.value: f"value-of-{value.value}" for value in SecretValue}
TLS = {SecretValue.TLS_CERTIFICATE, SecretValue.TLS_PRIVATE_KEY, SecretValue.AUTHORITY_CERTIFICATE}


@pytest.mark.parametrize(
    ("consumer", "values"),
    [
        (
            "postgres",
            {
                SecretValue.DATABASE_SUPERUSER_PASSWORD,
                SecretValue.DATABASE_REPLICATION_PASSWORD,
                SecretValue.DATABASE_REWIND_PASSWORD,
                SecretValue.DATABASE_AIRFLOW_PASSWORD,
                SecretValue.DATABASE_MONITOR_PASSWORD,
                SecretValue.PATRONI_API_PASSWORD,
                *TLS,
            },
        ),
        ("postgres-exporter", {SecretValue.DATABASE_MONITOR_PASSWORD}),
        (
            "postgres-pooler",
            {SecretValue.DATABASE_AIRFLOW_PASSWORD, SecretValue.DATABASE_MONITOR_PASSWORD, *TLS},
        ),
        ("postgres-pooler-exporter", {SecretValue.DATABASE_MONITOR_PASSWORD, SecretValue.AUTHORITY_CERTIFICATE}),
    ],
)
def test_each_consumer_reads_what_it_needs_and_no_more(consumer: str, values: set[SecretValue]) -> None:
    assert PROD[consumer].values() == values


def test_no_other_consumer() -> None:
    assert set(PROD) == {"postgres", "postgres-exporter", "postgres-pooler", "postgres-pooler-exporter"}


def test_patronis_secret_part_is_yaml_with_the_passwords_in_their_places() -> None:
    part = yaml.safe_load(PROD["postgres"].files["patroni.yml"].format(**MADE_UP))
    users = part["postgresql"]["authentication"]
    assert {role: (user["username"], user["password"]) for role, user in users.items()} == {
        "superuser": ("postgres", "value-of-database_superuser_password"),
        "replication": ("replication", "value-of-database_replication_password"),
        "rewind": ("rewind", "value-of-database_rewind_password"),
    }
    assert part["restapi"]["authentication"]["password"] == "value-of-patroni_api_password"


def test_the_poolers_user_list() -> None:
    lines = PROD["postgres-pooler"].files["userlist.txt"].format(**MADE_UP).splitlines()
    assert lines == [
        '"airflow" "value-of-database_airflow_password"',
        '"monitor" "value-of-database_monitor_password"',
    ]


@pytest.mark.parametrize(("stack", "instances"), [("dev", 1), ("prod", 3)])
def test_a_certificate_names_every_service_and_every_instance(stack: str, instances: int) -> None:
    found = {item.name: item for item in consumers(settings_of(stack))}
    assert set(found["postgres"].tls_names) == {
        *(
            f"{name}.airflow-data.svc.cluster.local"
            for name in ("postgres", "postgres-nodes", "postgres-rw", "postgres-ro")
        ),
        *(f"postgres-{ordinal}.postgres-nodes.airflow-data.svc.cluster.local" for ordinal in range(instances)),
        "localhost",
    }
    assert "postgres-pooler.airflow-data.svc.cluster.local" in found["postgres-pooler"].tls_names
