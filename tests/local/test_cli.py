"""The command line from outside: one clear message, the right exit code, never a traceback."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settings.stack_files import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]
PROGRAM = ("settings", "components", "local", "images", "policies", "__main__.py", "Pulumi.yaml")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program, whose stack files a test may change."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".venv")
    for name in (*PROGRAM, *(path.name for path in ROOT.glob("Pulumi.*.yaml"))):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def run(checkout: Path) -> Run:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "local", *arguments]
        return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)

    return call


def test_every_command_has_help(run: Run) -> None:
    listing = run("--help")
    assert listing.returncode == 0
    for command in ("up", "down", "preview", "outputs"):
        assert command in listing.stdout
    assert "--show-secrets" in run("outputs", "--help").stdout


def test_wrong_settings_are_told_together(run: Run, checkout: Path) -> None:
    path = checkout / "Pulumi.dev.yaml"
    text = (
        path.read_text()
        .replace("maxConnections: 60", "maxConections: 60")
        .replace("maxMemory: 96Mi", "maxMemory: much")
    )
    path.write_text(text.replace("instances: 1", "instances: 9"))
    result = run("render", "--stack", "dev", "--target", str(checkout / "out"))
    said = result.stdout + result.stderr
    assert result.returncode == 2, said
    assert "Traceback" not in said
    assert "postgres.maxConections = 60: there is no such key. Write 'maxConnections'." in said
    assert "redis.maxMemory" in said
    assert "postgres.instances = 9" in said


def test_contradicting_numbers_are_refused_with_the_arithmetic(run: Run, checkout: Path) -> None:
    path = checkout / "Pulumi.dev.yaml"
    path.write_text(path.read_text().replace("parallelism: 16", "parallelism: 3"))
    result = run("render", "--stack", "dev", "--target", str(checkout / "out"))
    said = result.stdout + result.stderr
    assert result.returncode == 2, said
    assert "airflow.parallelism = 3: 3 x 1 schedulers = 3 running tasks, but the workers have 12 slots" in said


def test_a_missing_stack_is_named_with_those_there_are(run: Run) -> None:
    result = run("preview", "--stack", "production")
    assert result.returncode == 2
    assert "there is no Pulumi.production.yaml. Choose one of dev, prod, staging" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_outputs_of_a_stack_that_was_never_deployed(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_PLATFORM_CACHE", str(tmp_path / "cache"))
    result = run("outputs", "--stack", "staging")
    assert result.returncode == 2, result.stderr
    assert "never deployed from here" in result.stderr
