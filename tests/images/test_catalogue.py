"""The catalogue, the folders, the Dockerfiles and the lock agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest

from local import paths
from local.errors import PreflightError
from local.images.catalogue import CatalogueEntry, images_folder, load_catalogue, load_lock, write_lock
from local.images.dockerignore import Ignore, context_files

ENTRIES = load_catalogue()
UIDS = {
    "airflow": 50000,
    "postgres": 10010,
    "pgbouncer": 10020,
    "valkey": 10030,
    "edge": 10040,
    "statsd-exporter": 10050,
    "prometheus": 10060,
    "alertmanager": 10070,
    "exporters": 10080,
    "keda": 10090,
    "versitygw": 10100,
}

every_image = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


def instructions(entry: CatalogueEntry) -> list[str]:
    text = (paths.checkout() / entry.dockerfile).read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [line for line in joined.splitlines() if line.strip()]


def final_stage(entry: CatalogueEntry) -> list[str]:
    lines = instructions(entry)
    start = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    return lines[start:]


def test_the_catalogue_names_each_image_once_with_its_user() -> None:
    assert {entry.name: entry.uid for entry in ENTRIES} == UIDS
    assert len(ENTRIES) == len(UIDS)


def test_every_folder_with_a_dockerfile_is_in_the_catalogue() -> None:
    folders = {path.parent.name for path in images_folder().glob("*/Dockerfile")}
    assert folders == {entry.name for entry in ENTRIES}


@every_image
def test_an_entry_points_at_what_is_there(entry: CatalogueEntry) -> None:
    assert (paths.checkout() / entry.context).is_dir()
    assert entry.dockerfile == f"images/{entry.name}/Dockerfile"
    assert (paths.checkout() / entry.dockerfile).is_file()
    assert entry.description
    assert re.fullmatch(r"[0-9][0-9.]*", entry.version)


@every_image
def test_an_image_runs_as_the_numeric_user_of_the_catalogue(entry: CatalogueEntry) -> None:
    users = [line for line in final_stage(entry) if line.startswith("USER ")]
    assert users == [f"USER {entry.uid}:{entry.uid}"]


@every_image
def test_every_stage_starts_from_the_base_argument(entry: CatalogueEntry) -> None:
    lines = instructions(entry)
    assert lines[0] == "ARG BASE=debian:trixie-slim"
    assert {line.split(" AS ")[0] for line in lines if line.startswith("FROM ")} == {"FROM ${BASE}"}


@every_image
def test_no_build_tool_and_no_package_list_stays(entry: CatalogueEntry) -> None:
    final = "\n".join(final_stage(entry))
    assert not re.search(r"\b(gcc|golang\S*|build-essential|python3-(pip|venv|dev))\b", final)
    for run in (line for line in instructions(entry) if "apt-get install" in line):
        assert "--no-install-recommends" in run
        assert "/var/lib/apt/lists/*" in run


@every_image
def test_nothing_names_a_registry_or_a_secret(entry: CatalogueEntry) -> None:
    folder = paths.checkout() / f"images/{entry.name}"
    hosts = re.compile(r"https?://|\b(pypi\.org|deb\.debian\.org|docker\.io|ghcr\.io|quay\.io|proxy\.golang\.org)\b")
    written = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".lock", ".sum")]
    assert written
    for path in written:
        if ".venv" not in path.parts:
            assert not hosts.search(path.read_text(encoding="utf-8")), path


@every_image
def test_build_only_arguments_stay_out_of_the_final_stage(entry: CatalogueEntry) -> None:
    final = "\n".join(final_stage(entry))
    assert "SSL_CERT_FILE" not in final
    assert "XDG_CACHE_HOME" not in final


def test_the_lock_names_every_image_by_a_digest_and_no_other() -> None:
    lock = load_lock()
    assert set(lock) == set(UIDS)
    for name, digest in lock.items():
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest), name
    assert len(set(lock.values())) == len(lock)


def test_the_lock_survives_being_written_again(tmp_path: Path) -> None:
    digests = {"b": "sha256:" + "1" * 64, "a": "sha256:" + "2" * 64}
    write_lock(digests, tmp_path)
    text = (tmp_path / "lock.yaml").read_text()
    assert load_lock(tmp_path) == digests
    assert text.startswith("# Digest of every image")
    assert "make images" in text
    assert [path.name for path in tmp_path.iterdir()] == ["lock.yaml"]


def test_a_catalogue_entry_with_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text("images:\n  - {name: a, versoin: 1}\n")
    with pytest.raises(PreflightError, match="versoin"):
        load_catalogue(tmp_path)


def test_the_airflow_context_holds_the_dags_and_the_lock_and_nothing_else() -> None:
    root = paths.checkout()
    files = {path.as_posix() for path in context_files(root, Ignore.of(root, root / "images/airflow/Dockerfile"))}
    assert {"images/airflow/pyproject.toml", "images/airflow/uv.lock", "dags/platform_smoke.py"} <= files
    assert all(name.startswith(("dags/", "images/airflow/")) for name in files)
    assert not [name for name in files if name.endswith(".pyc")]


def test_the_airflow_lock_holds_a_celery_that_starts() -> None:
    folder = images_folder() / "airflow"
    locked = tomllib.loads((folder / "uv.lock").read_text(encoding="utf-8"))
    versions = {package["name"]: package["version"] for package in locked["package"]}
    assert versions["apache-airflow"] == "3.3.2"
    celery = tuple(int(part) for part in versions["celery"].split(".")[:2])
    assert (5, 6) <= celery < (5, 7)
    assert {"asyncpg", "psycopg2-binary", "statsd", "redis"} <= set(versions)
