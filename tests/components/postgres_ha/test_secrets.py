"""Who of PostgresHA reads what, and under which names certificates are asked for."""

import pytest
import yaml

from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretValue
from components.postgres_ha.patroni import base_config
from components.postgres_ha.secrets import consumers
from settings.backup import BackupTarget
from tests.components.postgres_ha.arguments import changed
from tests.harness import made_up_values, settings_of

PROD = {item.name: item for item in consumers(settings_of("prod"))}
DEV = {item.name: item for item in consumers(settings_of("dev"))}
DATABASE = {
    "postgres",
    "postgres-configure",
    "postgres-exporter",
    "postgres-pooler",
    "postgres-pooler-exporter",
}
MADE_UP = made_up_values()
ROTATING = made_up_values(generations=2)
TLS = {SecretValue.TLS_CERTIFICATE, SecretValue.TLS_PRIVATE_KEY, SecretValue.AUTHORITY_CERTIFICATE}


@pytest.mark.parametrize(
    ("consumer", "values"),
    [
        (
            "postgres",
            {
                SecretValue.DATABASE_REPLICATION_PASSWORD,
                SecretValue.DATABASE_REWIND_PASSWORD,
                SecretValue.PATRONI_API_PASSWORD,
                *TLS,
            },
        ),
        (
            "postgres-configure",
            {
                SecretValue.DATABASE_OWNER_PASSWORD,
                SecretValue.DATABASE_AIRFLOW_PASSWORD,
                SecretValue.DATABASE_READER_PASSWORD,
                SecretValue.DATABASE_MONITOR_PASSWORD,
                SecretValue.DATABASE_REPLICATION_PASSWORD,
                SecretValue.DATABASE_REWIND_PASSWORD,
                SecretValue.PATRONI_API_PASSWORD,
                SecretValue.DATABASE_BACKUP_PASSWORD,
                SecretValue.KEY_ESCROW,
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
    backups = {"postgres-archive", "postgres-backup", "postgres-restore-drill"}
    assert set(PROD) == set(DEV) == DATABASE | backups
    without = settings_of("dev")
    without = changed(without, backup=without.postgres.backup.model_copy(update={"target": BackupTarget.NONE}))
    assert {item.name for item in consumers(without)} == DATABASE


ASKING = {SecretValue.DATABASE_BACKUP_PASSWORD, SecretValue.AUTHORITY_CERTIFICATE}
STORE = {SecretValue.BACKUP_REPOSITORY_PASSPHRASE}


def test_who_writes_backups_cannot_open_the_keys_that_go_with_them() -> None:
    assert {name: DEV[name].values() for name in DEV if name not in DATABASE} == {
        "postgres-archive": {SecretValue.AUTHORITY_CERTIFICATE, *STORE},
        "postgres-backup": ASKING,
        "postgres-restore-drill": {SecretValue.BACKUP_ESCROW_PASSPHRASE, *STORE, *ASKING},
    }


def test_a_bucket_whose_key_lies_elsewhere_needs_none_of_ours() -> None:
    assert PROD["postgres-archive"].values() == {SecretValue.AUTHORITY_CERTIFICATE, *STORE}
    settings = settings_of("prod")
    backup = settings.postgres.backup
    assert backup.s3 is not None
    given = backup.model_copy(update={"s3": backup.s3.model_copy(update={"credentials_secret": None})})
    found = {item.name: item.values() for item in consumers(changed(settings, backup=given))}
    keys = {SecretValue.BACKUP_ACCESS_KEY, SecretValue.BACKUP_SECRET_KEY}
    assert {name for name, values in found.items() if values & keys} == {"postgres-archive", "postgres-restore-drill"}


def test_patronis_secret_part_is_yaml_with_the_passwords_that_all_instances_know() -> None:
    part = yaml.safe_load(PROD["postgres"].files["patroni.yml"].format(**ROTATING))
    users = part["postgresql"]["authentication"]
    assert {role: (user["username"], user.get("password")) for role, user in users.items()} == {
        "superuser": ("postgres", None),
        "replication": ("replication_a", "value-0-of-database_replication_password"),
        "rewind": ("rewind_a", "value-0-of-database_rewind_password"),
    }
    assert part["restapi"]["authentication"]["password"] == "value-1-of-patroni_api_password"


def test_each_password_belongs_to_a_login_and_each_login_to_a_role() -> None:
    lines = PROD["postgres-configure"].files["logins"].format(**MADE_UP).splitlines()
    assert set(lines) == {
        "airflow airflow_owner_a value-0-of-database_owner_password",
        "backup backup_a value-0-of-database_backup_password",
        "airflow_app airflow_app_a value-0-of-database_airflow_password",
        "airflow_reader airflow_reader_a value-0-of-database_reader_password",
        "monitor monitor_a value-0-of-database_monitor_password",
        "replication replication_a value-0-of-database_replication_password",
        "rewind rewind_a value-0-of-database_rewind_password",
    }


def test_in_a_rotation_both_logins_are_let_in() -> None:
    lines = PROD["postgres-configure"].files["logins"].format(**ROTATING).splitlines()
    assert [line for line in lines if line.startswith("airflow_app ")] == [
        "airflow_app airflow_app_b value-1-of-database_airflow_password",
        "airflow_app airflow_app_a value-0-of-database_airflow_password",
    ]
    assert len(set(lines)) == len(lines) == 14


def test_the_poolers_user_list() -> None:
    lines = PROD["postgres-pooler"].files["userlist.txt"].format(**ROTATING).splitlines()
    assert lines == [
        '"airflow_app_b" "value-1-of-database_airflow_password"',
        '"airflow_app_a" "value-0-of-database_airflow_password"',
        '"monitor_b" "value-1-of-database_monitor_password"',
        '"monitor_a" "value-0-of-database_monitor_password"',
    ]


def test_the_job_is_known_by_its_certificate_alone() -> None:
    """The name that the instances take for the superuser is on no other certificate."""
    assert PROD["postgres-configure"].tls_names == ("postgres-configure",)
    rules = base_config(settings_of("prod").postgres, PlatformLabels(environment="prod"))
    postgresql = yaml.safe_load(rules)["postgresql"]
    assert postgresql["pg_ident"] == ["configure postgres-configure postgres"]
    assert "hostssl all postgres all cert map=configure" in postgresql["pg_hba"]


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
