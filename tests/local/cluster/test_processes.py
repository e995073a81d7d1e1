import json
import os
import signal
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from local.cluster.processes import Daemon, ProcessTable, alive, boot_id, log_tail, read_record, start_time
from local.errors import LocalError


@pytest.fixture
def table(tmp_path: Path) -> Generator[ProcessTable]:
    table = ProcessTable(tmp_path / "pids")
    yield table
    for name in table.names():
        table.stop(name, grace=1)


def sleeper(tmp_path: Path, **changes: object) -> Daemon:
    values: dict[str, object] = {
        "name": "sleeper",
        "command": ("/bin/sleep", "300"),
        "log": tmp_path / "sleeper.log",
    }
    return Daemon(**(values | changes))  # type: ignore[arg-type]


def pid_of(table: ProcessTable) -> int:
    record = table.running("sleeper")
    assert record is not None
    return record.pid


def test_a_running_process_is_left_alone(table: ProcessTable, tmp_path: Path) -> None:
    assert table.ensure(sleeper(tmp_path)) is True
    first = pid_of(table)
    assert table.ensure(sleeper(tmp_path)) is False
    assert pid_of(table) == first


def test_it_has_a_session_of_its_own(table: ProcessTable, tmp_path: Path) -> None:
    table.ensure(sleeper(tmp_path))
    assert os.getsid(pid_of(table)) == pid_of(table)


def test_another_table_knows_it_by_its_file(table: ProcessTable, tmp_path: Path) -> None:
    table.ensure(sleeper(tmp_path))
    assert ProcessTable(tmp_path / "pids").running("sleeper") == table.running("sleeper")


def test_it_is_started_again_after_kill(table: ProcessTable, tmp_path: Path) -> None:
    table.ensure(sleeper(tmp_path))
    first = pid_of(table)
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while table.running("sleeper") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert table.running("sleeper") is None
    assert table.ensure(sleeper(tmp_path)) is True
    assert pid_of(table) != first


def test_a_changed_command_or_file_restarts_it(table: ProcessTable, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("one")
    table.ensure(sleeper(tmp_path, reads=(config,)))
    assert table.ensure(sleeper(tmp_path, reads=(config,))) is False
    config.write_text("two")
    assert table.ensure(sleeper(tmp_path, reads=(config,))) is True
    assert table.ensure(sleeper(tmp_path, reads=(config,), command=("/bin/sleep", "301"))) is True


def test_stopping_ends_it_and_forgets_it(table: ProcessTable, tmp_path: Path) -> None:
    table.ensure(sleeper(tmp_path))
    pid = pid_of(table)
    assert table.stop("sleeper") is True
    assert start_time(pid) is None
    assert table.names() == []
    assert table.stop("sleeper") is False


def test_one_that_does_not_listen_is_killed(table: ProcessTable, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done"
    table.ensure(sleeper(tmp_path, command=("/bin/sh", "-c", script)))
    while not ready.exists():
        time.sleep(0.02)
    pid = pid_of(table)
    assert table.stop("sleeper", grace=0.2) is True
    assert start_time(pid) is None


@pytest.mark.parametrize("field", ["started", "boot"])
def test_a_foreign_process_of_the_same_number_is_never_touched(table: ProcessTable, tmp_path: Path, field: str) -> None:
    with subprocess.Popen(["/bin/sleep", "300"]) as foreign:
        started = start_time(foreign.pid)
        assert started is not None
        values = {"pid": foreign.pid, "started": started, "boot": boot_id(), "fingerprint": "x"}
        path = tmp_path / "pids" / "sleeper.json"
        path.parent.mkdir()
        path.write_text(json.dumps(values))
        record = read_record(path)
        assert record is not None
        assert alive(record)
        path.write_text(json.dumps(values | {field: started - 1 if field == "started" else "another"}))
        assert table.running("sleeper") is None
        assert table.stop("sleeper", grace=0.1) is False
        assert foreign.poll() is None
        foreign.kill()


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}', "[]"])
def test_half_a_pid_file_counts_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    assert read_record(path) is None


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen(["/bin/true"])
    deadline = time.monotonic() + 10
    while start_time(child.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Path(f"/proc/{child.pid}").exists()
    assert start_time(child.pid) is None
    child.wait()


def test_a_program_that_is_not_there_leaves_its_words_in_the_log(table: ProcessTable, tmp_path: Path) -> None:
    daemon = sleeper(tmp_path, command=("/nonexistent/program",))
    try:
        table.ensure(daemon)
    except LocalError as error:
        assert "sleeper ended at once" in str(error)  # noqa: PT017 - either way is right
    deadline = time.monotonic() + 10
    while table.running("sleeper") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "/nonexistent/program" in log_tail(daemon.log)


def test_a_log_that_grew_large_is_set_aside(
    table: ProcessTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.cluster.processes.LOG_LIMIT", 3)
    (tmp_path / "sleeper.log").write_text("long")
    table.ensure(sleeper(tmp_path))
    assert (tmp_path / "sleeper.old.log").read_text() == "long"
    assert (tmp_path / "sleeper.log").read_text() == ""
