"""A cluster that is made from an archive: what its instances find, and what happens where nothing is to be restored."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretValue
from components.postgres_ha import restore
from components.postgres_ha.manifests import configure, database
from components.postgres_ha.manifests.common import script
from components.postgres_ha.patroni import agreed_config, base_config
from components.postgres_ha.peers import workloads
from components.postgres_ha.secrets import DATABASE, consumers
from settings.load import parse
from settings.platform_settings import PlatformSettings
from tests.components.postgres_ha.arguments import arguments
from tests.harness import as_config, kubernetes, plain, record_stack_with, settings_of
from tests.settings.stack_files import changed, values_of

TARGET = "2026-11-21T11:30:00.5+01:00"
LABELS = PlatformLabels(environment="dev")


def restored(
    stack: str, source: dict[str, Any], given: tuple[str, ...] = (), generation: int | None = None
) -> PlatformSettings:
    values = changed(values_of(stack), "postgres.restoreFrom", source)
    values = changed(values, "credentials", {"given": list(given)})
    return parse(changed(values, "postgres.backup.generation", generation) if generation else values)


EARLIER = restored("dev", {"generation": 1, "targetTime": TARGET}, generation=2)
CLAIM = restored("dev", {"prefix": "/other", "claim": "source-backups"}, ("restore_repository_passphrase",))
BUCKET = restored(
    "prod",
    {"s3": {"endpoint": "s3.example.com", "bucket": "elsewhere", "credentialsSecret": "elsewhere-key"}},
    ("restore_repository_passphrase",),
)
STANDBY = restored(
    "dev", {"prefix": "/other", "claim": "source-backups", "follow": True}, ("restore_repository_passphrase",)
)
ELSEWHERE = {"s3": {"endpoint": "s3.example.com", "bucket": "elsewhere", "credentialsSecret": "elsewhere-key"}}
STANDBY_OF_THREE, PROMOTED_OF_THREE = (
    restored("prod", {**ELSEWHERE, "follow": follow}, ("restore_repository_passphrase",)) for follow in (True, False)
)
KEYS = ("restore_repository_passphrase", "restore_access_key", "restore_secret_key")
GIVEN_KEY = restored("prod", {"s3": {"endpoint": "s3.example.com", "bucket": "elsewhere"}}, KEYS)


def bootstrap(settings: PlatformSettings) -> dict[str, Any]:
    return yaml.safe_load(base_config(settings.postgres, LABELS))["bootstrap"]


def options(settings: PlatformSettings) -> dict[str, str]:
    text = restore.configuration_files(settings)[restore.CONFIG_FILE]
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def instance(settings: PlatformSettings) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mounts by path and volumes by name of an instance."""
    pod = plain(database.stateful_set(arguments(settings=settings)))["spec"]["template"]["spec"]
    mounts = next(item for item in pod["containers"] if item["name"] == "postgres")["volumeMounts"]
    return {item["mountPath"]: item for item in mounts}, {item["name"]: item for item in pod["volumes"]}


def test_without_a_source_a_cluster_begins_empty() -> None:
    settings = settings_of("dev")
    assert set(bootstrap(settings)) == {"dcs", "initdb"}
    assert restore.configuration_files(settings) == {}
    assert "restore.sh" not in plain(database.scripts_map(arguments("dev")))["data"]
    assert "podFailurePolicy" not in plain(configure.job(arguments("dev"), "postgres"))["spec"]


def test_patroni_restores_to_the_time_in_utc_and_leaves_the_recovery_to_pgbackrest() -> None:
    found = bootstrap(EARLIER)
    assert found["method"] == "pgbackrest"
    assert found["pgbackrest"] == {
        "command": "/bin/bash /etc/airflow-platform/restore.sh /var/lib/postgresql/pg17/data "
        "'2026-11-21 10:30:00.500000+00'",
        "no_params": True,
        "keep_existing_recovery_conf": True,
    }
    assert bootstrap(CLAIM)["pgbackrest"]["command"].endswith("/data")


@pytest.mark.parametrize(
    ("standby", "promoted"), [(STANDBY, CLAIM), (STANDBY_OF_THREE, PROMOTED_OF_THREE)], ids=("one", "three")
)
def test_a_promotion_restarts_nothing(standby: PlatformSettings, promoted: PlatformSettings) -> None:
    following, leading = (plain(database.stateful_set(arguments(settings=item))) for item in (standby, promoted))
    assert following == leading
    before, after = agreed_config(standby.postgres), agreed_config(promoted.postgres)
    # A key that is null is taken away, and Patroni promotes; what else changes takes no restart.
    assert after.pop("standby_cluster") is None
    assert before.pop("standby_cluster")
    for agreed in (before, after):
        agreed["postgresql"]["parameters"].pop("wal_retrieve_retry_interval")
    assert after == before


def test_a_standby_follows_the_archive_until_that_is_taken_away() -> None:
    agreed = agreed_config(STANDBY.postgres)
    assert agreed["standby_cluster"] == {
        "create_replica_methods": ["basebackup", "pgbackrest"],
        "restore_command": '/bin/bash /etc/airflow-platform/pgbackrest.sh source archive-get %f "%p"',
    }
    assert "standby_cluster" not in agreed_config(settings_of("dev").postgres)
    method = yaml.safe_load(base_config(STANDBY.postgres, LABELS))["postgresql"]["pgbackrest"]
    assert method["command"].endswith("/restore.sh /var/lib/postgresql/pg17/data standby")
    assert method["no_leader"] is True
    commands = [
        plain(configure.job(arguments(settings=item), "x"))["spec"]["template"]["spec"]["containers"][0]["command"]
        for item in (STANDBY, CLAIM)
    ]
    assert commands[0] == [*commands[1], "standby"]


def test_patroni_asks_its_own_instance_without_the_password_that_a_standby_does_not_have_yet() -> None:
    postgresql = yaml.safe_load(base_config(STANDBY.postgres, LABELS))["postgresql"]
    assert "local replication replication_a,replication_b peer map=own" in postgresql["pg_hba"]
    assert postgresql["pg_ident"][1:] == ["own postgres replication_a", "own postgres replication_b"]
    assert "map=own" not in base_config(settings_of("dev").postgres, LABELS)


def test_instances_made_from_an_archive_follow_one_another_by_certificate() -> None:
    """The subject of an instance's certificate is its consumer's name."""
    postgresql = yaml.safe_load(base_config(STANDBY_OF_THREE.postgres, LABELS))["postgresql"]
    assert "hostssl replication replication_a,replication_b all cert map=own" in postgresql["pg_hba"]
    assert f"own {DATABASE} replication_b" in postgresql["pg_ident"]
    shown = {"sslcert": "/run/secrets/airflow-platform/tls.crt", "sslkey": "/run/secrets/airflow-platform/tls.key"}
    assert shown.items() <= postgresql["authentication"]["replication"].items()
    assert not shown.keys() & postgresql["authentication"]["rewind"].keys()
    by_password = yaml.safe_load(base_config(settings_of("prod").postgres, LABELS))["postgresql"]
    assert "hostssl replication replication_a,replication_b all scram-sha-256" in by_password["pg_hba"]
    assert not shown.keys() & by_password["authentication"]["replication"].keys()


def test_a_standby_stack_is_its_database_and_what_that_stands_on() -> None:
    source = {"claim": "source-backups", "follow": True}
    given = {"given": ["restore_repository_passphrase"]}
    values = {"restore_repository_passphrase": "x"}
    postgres = {**values_of("dev")["postgres"], "restoreFrom": source}
    config = as_config(postgres=postgres, credentials=given, givenValues=values)
    recording = record_stack_with("dev", config)
    assert set(kubernetes(recording, "StatefulSet")) == {"postgres", "prometheus"}
    assert not kubernetes(recording, "CronJob")
    deployments = set(kubernetes(recording, "Deployment"))
    assert not deployments & {"postgres-pooler", "scheduler", "api-core", "worker-default", "edge"}
    assert [name.rpartition("-")[0] for name in kubernetes(recording, "Job")] == ["postgres-configure"]


@pytest.mark.parametrize(
    ("settings", "path", "where"),
    [
        (EARLIER, "/backups/airflow-platform/1", None),
        (CLAIM, "/source-backups/other/1", None),
        (BUCKET, "/airflow-platform/1", "elsewhere"),
    ],
    ids=("earlier generation", "claim", "bucket"),
)
def test_the_source_is_read_where_it_lies(settings: PlatformSettings, path: str, where: str | None) -> None:
    found = options(settings)
    assert found["repo1-path"] == path
    assert found.get("repo1-s3-bucket") == where
    assert not [key for key in found if "retention" in key], "nothing of another stack's expires here"


def test_the_new_cluster_writes_elsewhere() -> None:
    data = plain(database.scripts_map(arguments(settings=EARLIER)))["data"]
    assert "repo1-path=/backups/airflow-platform/2" in data["pgbackrest.conf"]
    assert "restore.sh" in data


def test_what_lies_elsewhere_is_mounted_for_the_instances() -> None:
    mounts, volumes = instance(CLAIM)
    assert mounts["/source-backups"]["readOnly"] is True
    assert volumes["source-repository"]["persistentVolumeClaim"]["claimName"] == "source-backups"
    mounts, volumes = instance(BUCKET)
    assert volumes[mounts["/run/secrets/source-bucket"]["name"]]["secret"]["secretName"] == "elsewhere-key"
    assert not [path for path in instance(EARLIER)[0] if "source" in path]


def test_the_source_opens_with_what_is_given_for_it_and_else_with_the_stacks_own() -> None:
    def archive(settings: PlatformSettings) -> dict[str, str]:
        files = next(item for item in consumers(settings) if item.name == "postgres-archive").files
        return {name: text for name, text in files.items() if name.startswith("source-")}

    assert archive(settings_of("dev")) == {}
    assert archive(EARLIER) == {"source-repository-passphrase": "{backup_repository_passphrase}"}
    assert archive(CLAIM) == {"source-repository-passphrase": "{restore_repository_passphrase}"}
    assert archive(GIVEN_KEY) == {
        "source-repository-passphrase": "{restore_repository_passphrase}",
        "source-access-key": "{restore_access_key}",
        "source-secret-key": "{restore_secret_key}",
    }
    source = {SecretValue.RESTORE_REPOSITORY_PASSPHRASE, SecretValue.RESTORE_ACCESS_KEY, SecretValue.RESTORE_SECRET_KEY}
    assert {item.name for item in consumers(GIVEN_KEY) if item.values() & source} == {"postgres-archive"}


def test_a_bucket_of_the_source_opens_the_way_there() -> None:
    values = changed(values_of("dev"), "postgres.restoreFrom", {"s3": {"endpoint": "s3.example.com", "bucket": "abc"}})
    dev = parse(changed(values, "credentials", {"given": list(KEYS)}))
    ways = {item.name: {party.value for party in item.reaches} for item in workloads(dev)}
    assert "internet" in ways["postgres"]
    assert "internet" not in ways["postgres-restore-drill"]


def test_the_job_asks_for_the_keys_once_for_each_restore_and_ends_at_once_where_they_differ() -> None:
    job = plain(configure.job(arguments(settings=EARLIER), "postgres"))["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    code = rule["onExitCodes"]["values"][0]
    assert (rule["action"], f"exit {code}" in script("configure.sh")) == ("FailJob", True)
    *_, origin = job["template"]["spec"]["containers"][0]["command"]
    assert origin == (
        "own volume/backups/airflow-platform/1 at 2026-11-21 10:30:00.500000+00, archived to /airflow-platform/2"
    )
    again = restored("dev", {"generation": 2}, generation=3)
    assert restore.origin(again) != origin


def test_the_source_is_another_file_and_other_secrets(tmp_path: Path) -> None:
    """The real script, with a program in pgBackRest's place that says what it was called with."""
    program = tmp_path / "pgbackrest"
    program.write_text('#!/bin/bash\necho "$@" "$PGBACKREST_REPO1_CIPHER_PASS"\n')
    program.chmod(0o755)
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "repository-passphrase").write_text("own")
    (tmp_path / "backup" / "source-repository-passphrase").write_text("other")
    text = script("pgbackrest.sh").replace("/run/secrets", str(tmp_path))

    def run(*arguments: str) -> str:
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = ["bash", "-c", text, "pgbackrest.sh", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()

    folder = "--config=/etc/airflow-platform"
    assert run("archive-push", "x") == f"{folder}/pgbackrest.conf --stanza=platform archive-push x own"
    assert run("source", "restore") == f"{folder}/source-pgbackrest.conf --stanza=platform restore other"
