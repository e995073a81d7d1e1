"""The scripts of the instances, run by a real shell with Patroni's answers made up."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from components.postgres_ha.manifests.common import script
from components.postgres_ha.patroni import agreed_config
from tests.harness import settings_of


def program(folder: Path, name: str, text: str) -> None:
    """An executable that stands for one of the image."""
    path = folder / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


LEADER, QUORUM, NEAR = "leader", "read-only-quorum", "replica?lag=100MB"


def ready(
    folder: Path, *true: str, server: bool = True, standby: bool = False, quorum: bool = True
) -> tuple[bool, list[str]]:
    """Run the readiness script where Patroni says yes to some questions: its verdict and what it asked."""
    asked = folder / "asked"
    asked.write_text("")
    answers = "|".join(f"'{item}'" for item in true) or "nothing"
    follows = {"standby_cluster": {"restore_command": "x"} if standby else None}
    agreed = {"ttl": 20, "synchronous_mode": "quorum" if quorum else False, "synchronous_mode_strict": False, **follows}
    (folder / "patroni_says.sh").write_text(
        f'patroni_says_yes() {{ echo "$1" >>{asked}; case $1 in {answers}) true ;; *) false ;; esac; }}\n'
        f"patroni_says() {{ echo \"$1\" >>{asked}; echo '{json.dumps(agreed)}'; }}\n"
    )
    text = script("ready.sh").replace("/etc/airflow-platform", str(folder)).replace("/tmp/ready", f"{folder}/ready")
    program(folder, "pg_isready", f"exit {0 if server else 1}")
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    result = subprocess.run(["bash", "-c", text], check=False, capture_output=True, text=True, env=path)
    assert result.stderr == ""
    return result.returncode == 0, asked.read_text().split()


def test_what_was_true_last_time_is_asked_first(tmp_path: Path) -> None:
    assert ready(tmp_path, LEADER) == (True, [LEADER])
    assert ready(tmp_path, QUORUM) == (True, [LEADER, QUORUM]), "it has become a standby"
    assert ready(tmp_path, QUORUM) == (True, [QUORUM])
    assert ready(tmp_path, LEADER, QUORUM) == (True, [QUORUM])
    assert ready(tmp_path, LEADER) == (True, [QUORUM, LEADER]), "it leads again"
    assert ready(tmp_path, LEADER) == (True, [LEADER])


@pytest.mark.parametrize("before", [LEADER, QUORUM])
def test_neither_leader_nor_counted_on_is_not_ready_however_near_it_is(tmp_path: Path, before: str) -> None:
    ready(tmp_path, before)
    verdict, asked = ready(tmp_path, NEAR)
    assert verdict is False
    assert sorted(asked) == ["config", LEADER, QUORUM]


def test_where_an_archive_is_followed_who_is_near_the_leader_is_ready_until_the_promotion(tmp_path: Path) -> None:
    assert ready(tmp_path, NEAR, standby=True) == (True, [LEADER, QUORUM, "config", NEAR])
    assert ready(tmp_path, NEAR, standby=True) == (True, ["config", NEAR])
    assert ready(tmp_path, standby=True)[0] is False, "it is too far behind"
    assert ready(tmp_path, NEAR) == (False, ["config", LEADER, QUORUM]), "promoted, and not counted on yet"
    assert ready(tmp_path, QUORUM, NEAR) == (True, ["config", LEADER, QUORUM])
    assert ready(tmp_path, QUORUM, NEAR) == (True, [QUORUM])


def test_where_one_instance_becomes_three_who_is_near_it_is_ready_until_a_quorum_is_agreed_on(tmp_path: Path) -> None:
    assert ready(tmp_path, NEAR, quorum=False) == (True, [LEADER, QUORUM, "config", NEAR])
    assert ready(tmp_path, quorum=False)[0] is False, "it is too far behind"
    assert ready(tmp_path, NEAR) == (False, ["config", LEADER, QUORUM]), "agreed on, and not counted on yet"


def test_who_is_near_enough_to_be_ready_is_near_enough_to_lead() -> None:
    megabytes = agreed_config(settings_of("prod").postgres)["maximum_lag_on_failover"] // 2**20
    assert f"replica?lag={megabytes}MB" == NEAR


def test_a_server_that_is_stopped_is_not_ready_whatever_patroni_says(tmp_path: Path) -> None:
    assert ready(tmp_path, LEADER) == (True, [LEADER])
    assert ready(tmp_path, LEADER, server=False) == (False, [])


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
