"""`down` puts the state of exactly those stacks aside that lived on the cluster it removed."""

import json
from pathlib import Path

import pytest

from local import cluster, paths, teardown
from local.progress import ConsoleReporter, Reporter


def state(folder: Path, stack: str, context: str | None) -> Path:
    provider = {"type": "pulumi:providers:kubernetes", "inputs": {"context": context}}
    path = folder / ".pulumi" / "stacks" / "airflow-platform" / f"{stack}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    latest = {"resources": [provider]} if context else {}
    path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    return path


def test_only_stacks_of_the_local_cluster_are_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    kept: list[str] = []

    def cluster_down(*, keep_data: bool, reporter: Reporter) -> list[str]:
        del keep_data, reporter
        return kept

    monkeypatch.setattr(cluster, "down", cluster_down)
    here = state(paths.state(), "written-elsewhere", "airflow-platform-local")
    there = state(paths.state(), "prod", "prod")
    never = state(paths.state(), "destroyed", None)

    teardown.down(ConsoleReporter())

    assert not here.exists()
    assert [path.name.split("-2")[0] for path in (paths.state() / "removed").iterdir()] == ["written-elsewhere"]
    assert there.exists()
    assert never.exists()
    assert any("written-elsewhere" in line for line in kept)
