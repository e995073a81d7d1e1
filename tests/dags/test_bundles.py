"""DAGs from Git by the classes that dag-processors and workers use, on a real repository."""

import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from airflow.dag_processing.bundles import base

ASSET = Path(__file__).resolve().parents[2] / "components" / "contract" / "assets" / "airflow_platform_bundles.py"
AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@example.com")


class Repository:
    """A Git repository with one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch", "main", str(folder))

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), *AUTHOR, *arguments] if self.folder.exists() else ["git", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, text: str) -> str:
        (self.folder / "flows").mkdir(exist_ok=True)
        (self.folder / "flows" / "flow.py").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(base, "get_bundle_storage_root_path", lambda: tmp_path / "clones")
    spec = importlib.util.spec_from_file_location("airflow_platform_bundles", ASSET)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def counted(bundles: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(bundles.stats, "incr", lambda name, tags: found.append((name, tags)))
    return found


def test_a_reader_follows_a_branch_and_counts_each_look(
    bundles: ModuleType, repository: Repository, counted: list[tuple[str, dict[str, str]]]
) -> None:
    first = repository.commit("one")
    bundle = bundles.ReadBundle(name="team", repo_url=str(repository.folder), subdir="flows", tracking_ref="main")
    bundle.initialize()
    assert (bundle.path / "flow.py").read_text() == "one"
    assert bundle.get_current_version().version == first
    second, seen = repository.commit("two"), len(counted)
    bundle.refresh()
    assert (bundle.path / "flow.py").read_text() == "two"
    assert bundle.get_current_version().version == second
    assert counted[seen:] == [("bundle_refreshed", {"bundle": "team"})]


def test_a_reader_stands_at_a_commit_and_counts_no_look_that_failed(
    bundles: ModuleType, repository: Repository, counted: list[tuple[str, dict[str, str]]]
) -> None:
    first = repository.commit("one")
    repository.commit("two")
    bundle = bundles.ReadBundle(name="team", repo_url=str(repository.folder), subdir="flows", tracking_ref=first)
    bundle.initialize()
    bundle.refresh()
    assert (bundle.path / "flow.py").read_text() == "one"
    seen = len(counted)
    repository.folder.rename(repository.folder.with_name("gone"))
    with pytest.raises(Exception, match=r"gone|exist|repository"):
        bundle.refresh()
    assert (bundle.path / "flow.py").read_text() == "one"
    assert len(counted) == seen


def test_a_worker_runs_the_version_of_its_task_whatever_was_pushed_since(
    bundles: ModuleType, repository: Repository
) -> None:
    versions = {text: repository.commit(text) for text in ("one", "two", "three")}
    for text in ("two", "one", "three"):
        bundle = bundles.RunBundle(
            name="team", repo_url=str(repository.folder), subdir="flows", tracking_ref="HEAD", version=versions[text]
        )
        bundle.initialize()
        assert (bundle.path / "flow.py").read_text() == text


def test_a_worker_fetches_a_version_that_came_later_and_needs_nobody_for_one_that_it_has(
    bundles: ModuleType, repository: Repository
) -> None:
    def run(version: str) -> str:
        bundle = bundles.RunBundle(
            name="team", repo_url=str(repository.folder), subdir="flows", tracking_ref="HEAD", version=version
        )
        bundle.initialize()
        return (bundle.path / "flow.py").read_text()

    first = repository.commit("one")
    assert run(first) == "one"
    second = repository.commit("two")
    assert run(second) == "two"
    repository.folder.rename(repository.folder.with_name("gone"))
    assert run(first) == "one"


def test_a_task_without_a_version_is_refused(bundles: ModuleType, repository: Repository) -> None:
    with pytest.raises(ValueError, match=r"bundle team: .* remove disable_bundle_versioning"):
        bundles.RunBundle(name="team", repo_url=str(repository.folder), tracking_ref="HEAD")
