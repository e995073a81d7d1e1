"""The stack's own S3 store: who reaches it, how, and that a stack without one has nothing of it."""

from typing import Any

from components.contract.edges import Edge, edges
from components.contract.secrets import SecretValue
from components.foundation.quota import quotas
from components.images.catalogue import unneeded
from components.postgres_ha import backup
from components.postgres_ha.manifests.store import backup_store
from components.postgres_ha.peers import workloads
from components.postgres_ha.secrets import consumers
from settings.load import parse
from settings.platform_settings import PlatformSettings
from tests.components.postgres_ha.arguments import arguments
from tests.harness import settings_of
from tests.settings.stack_files import changed, values_of


def bundled(**more: Any) -> PlatformSettings:
    values = changed(values_of("dev"), "postgres.backup.target", "s3")
    values = changed(values, "postgres.backup.volume", None)
    values = changed(values, "postgres.backup.bundled", {"storage": {"size": "4Gi"}})
    for path, value in more.items():
        values = changed(values, path.replace("__", "."), value)
    return parse(values)


BUNDLED = bundled()
ARGS = arguments(settings=BUNDLED)
HOST = "postgres-backup-store.airflow-data.svc.cluster.local"


def test_pgbackrest_finds_it_by_its_name_and_verifies_its_certificate() -> None:
    text = backup.configuration_files(BUNDLED)[backup.CONFIG_FILE]
    options = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    assert {
        key: value for key, value in options.items() if key.startswith(("repo1-s3", "repo1-storage", "repo1-type"))
    } == {
        "repo1-type": "s3",
        "repo1-s3-endpoint": HOST,
        "repo1-storage-port": "7070",
        "repo1-s3-bucket": "backups",
        "repo1-s3-region": "us-east-1",
        "repo1-s3-uri-style": "path",
        "repo1-s3-key-type": "shared",
        "repo1-storage-ca-file": "/run/secrets/backup/ca.crt",
    }
    found = {item.name: item for item in consumers(BUNDLED)}
    assert set(found["postgres-backup-store"].tls_names) == {HOST, "localhost"}
    for reader in ("postgres-archive", "postgres-restore-drill"):
        assert "ca.crt" in found[reader].files
    key = {SecretValue.BACKUP_ACCESS_KEY, SecretValue.BACKUP_SECRET_KEY}
    assert {name for name, item in found.items() if item.values() & key} == {
        "postgres-archive",
        "postgres-restore-drill",
        "postgres-backup-store",
    }


def test_instances_and_drills_reach_it_and_nobody_else_and_it_reaches_nobody() -> None:
    found = [edge for edge in edges(tuple(workloads(BUNDLED))) if "postgres-backup-store" in (edge.source, edge.target)]
    assert found == [
        Edge(source="postgres", target="postgres-backup-store", port=7070),
        Edge(source="postgres-restore-drill", target="postgres-backup-store", port=7070),
    ]
    assert "internet" not in {edge.target for edge in edges(tuple(workloads(BUNDLED)))}


def test_it_holds_the_bucket_that_pgbackrest_asks_for() -> None:
    found = backup_store(ARGS)
    assert found is not None
    assert (found.name, found.bucket) == ("postgres-backup-store", "backups")


def test_a_stack_without_one_builds_no_image_for_it() -> None:
    assert "versitygw" in unneeded(settings_of("dev"))
    assert "versitygw" not in unneeded(BUNDLED)
    assert "postgres-backup-store" not in {item.name for item in workloads(settings_of("dev"))}
    assert backup_store(arguments("dev")) is None


def test_the_quota_has_room_for_it() -> None:
    space = BUNDLED.namespaces.data
    assert quotas(BUNDLED)[space].pods == quotas(settings_of("dev"))[space].pods + 1
    assert quotas(BUNDLED)[space].volumes == quotas(settings_of("dev"))[space].volumes
