"""What drills need: the real dev stack, and a place for what they measured."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from local import paths
from local.engines import environment
from local.forward import kubectl
from tests.drills.reports import write_report


@pytest.fixture
def report() -> Callable[[str, dict[str, Any]], None]:
    """Writes `build/reports/<drill>.json`."""

    return write_report


@pytest.fixture
def command_line() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `python -m local ...` in a process of its own, as the Makefile does."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "local", *arguments]
        return subprocess.run(command, cwd=paths.checkout(), capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def query() -> Callable[[str], str]:
    """Asks the metadata database of the dev stack, beside the pooler, as its superuser."""

    def ask(sql: str) -> str:
        command = [kubectl(), "--namespace", "airflow-data", "exec", "postgres-0", "--container", "postgres", "--"]
        command += ["psql", "--username", "postgres", "--dbname", "airflow", "--no-align", "--tuples-only"]
        result = subprocess.run(
            [*command, "--command", sql], env=environment("dev", None), capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    return ask
