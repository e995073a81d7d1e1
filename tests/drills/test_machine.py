"""Everything on the machine dies at once: one command brings it back, and nothing that was acknowledged is lost."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from local import paths
from local.engine.session import open_session

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]

Run = Callable[..., subprocess.CompletedProcess[str]]
Query = Callable[[str], str]
Report = Callable[[str, dict[str, Any]], None]


def programs_of_the_cluster() -> list[psutil.Process]:
    """Everything that runs from the toolchain's folder, and whatever it started: pods included."""
    folder = str(paths.toolchain() / "bin")
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.exe().startswith(folder):
                found[process.pid] = process
                found |= {child.pid: child for child in process.children(recursive=True)}
    return list(found.values())


def kill_all(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=30)


def test_the_whole_machine_is_killed(command_line: Run, query: Query, report: Report) -> None:
    query("create table if not exists drill (at timestamptz primary key)")
    query("insert into drill values (now())")
    rows = query("select count(*) from drill")
    runs = query("select count(*) from dag_run")
    victims = programs_of_the_cluster()
    assert any("etcd" in victim.name() for victim in victims)

    kill_all(victims)
    begun = time.monotonic()
    result = command_line("up")
    seconds = time.monotonic() - begun

    assert result.returncode == 0, result.stdout + result.stderr
    assert query("select count(*) from drill") == rows
    assert int(query("select count(*) from dag_run")) == int(runs) + 1, "the smoke run alone came on top"
    query("drop table drill")
    report("machine-killed", {"processes_killed": len(victims), "seconds_until_smoke_succeeded": round(seconds, 1)})


def resources_in_state() -> set[str]:
    return {str(state.urn) for state in open_session("dev", root=paths.checkout()).snapshot.resources}


@pytest.mark.parametrize("after_seconds", [4, 8, 16])
def test_the_engine_is_killed_in_the_middle(after_seconds: int, command_line: Run, report: Report) -> None:
    before = resources_in_state()
    process = psutil.Popen([sys.executable, "-m", "tests.drills.change"], cwd=paths.checkout())
    time.sleep(after_seconds)
    killed = process.poll() is None
    if killed:
        kill_all([*process.children(recursive=True), process])

    assert resources_in_state() >= before, "the state has forgotten something"
    result = command_line("deploy")
    assert result.returncode == 0, result.stdout + result.stderr
    assert resources_in_state() == before
    preview = command_line("preview", "--json")
    assert preview.returncode == 0, preview.stderr
    steps = json.loads(preview.stdout)["steps"]
    assert [step for step in steps if step["op"] not in {"same", "read"}] == []
    report(f"engine-killed-after-{after_seconds}-s", {"was_running": killed, "next_run_finished": True})
