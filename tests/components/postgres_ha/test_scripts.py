"""The scripts of the instances, run by a real shell with Patroni's answers made up."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from components.postgres_ha.manifests.common import script


def program(folder: Path, name: str, text: str) -> None:
    """An executable that stands for one of the image."""
    path = folder / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def ready(folder: Path, *true: str, server: bool = True) -> tuple[bool, list[str]]:
    """Run the readiness script where Patroni says yes to some questions: its verdict and what it asked."""
    asked = folder / "asked"
    asked.write_text("")
    answers = "|".join(true) or "nothing"
    (folder / "patroni_says.sh").write_text(
        f'patroni_says_yes() {{ echo "$1" >>{asked}; case $1 in {answers}) true ;; *) false ;; esac; }}\n'
    )
    text = script("ready.sh").replace("/etc/airflow-platform", str(folder)).replace("/tmp/ready", f"{folder}/ready")
    program(folder, "pg_isready", f"exit {0 if server else 1}")
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    result = subprocess.run(["bash", "-c", text], check=False, capture_output=True, text=True, env=path)
    assert result.stderr == ""
    return result.returncode == 0, asked.read_text().split()


def test_what_was_true_last_time_is_asked_first(tmp_path: Path) -> None:
    quorum, primary = "read-only-quorum", "primary"
    assert ready(tmp_path, primary) == (True, [primary])
    assert ready(tmp_path, quorum) == (True, [primary, quorum]), "it has become a standby"
    assert ready(tmp_path, quorum) == (True, [quorum])
    assert ready(tmp_path, primary, quorum) == (True, [quorum])
    assert ready(tmp_path, primary) == (True, [quorum, primary]), "it leads again"
    assert ready(tmp_path, primary) == (True, [primary])


@pytest.mark.parametrize("before", ["primary", "read-only-quorum"])
def test_neither_leader_nor_counted_on_is_not_ready(tmp_path: Path, before: str) -> None:
    ready(tmp_path, before)
    verdict, asked = ready(tmp_path)
    assert verdict is False
    assert sorted(asked) == ["primary", "read-only-quorum"]


def test_a_server_that_is_stopped_is_not_ready_whatever_patroni_says(tmp_path: Path) -> None:
    assert ready(tmp_path, "primary") == (True, ["primary"])
    assert ready(tmp_path, "primary", server=False) == (False, [])


def test_a_promotion_does_not_wait_for_the_fence_and_does_not_depend_on_it(tmp_path: Path) -> None:
    program(tmp_path, "python3", f'sleep 3; echo "$@" >{tmp_path}/told; exit 1')
    text = script("fence.sh").replace("/usr/bin/python3", f"{tmp_path}/python3")
    begun = time.monotonic()
    result = subprocess.run(
        ["bash", "-c", text, "fence.sh", "role", "scope=postgres"], check=False, stdout=subprocess.DEVNULL
    )
    assert result.returncode == 0
    assert not (tmp_path / "told").exists(), f"it waited {time.monotonic() - begun:.1f} s"
    while not (tmp_path / "told").exists():
        time.sleep(0.05)
    assert (tmp_path / "told").read_text().split() == ["/etc/airflow-platform/fence.py", "role", "scope=postgres"]
