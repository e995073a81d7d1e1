"""Runs that are killed, stopped, or that meet another run: with real processes."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local import paths

from .conftest import Bench
from .driver import things
from .script import thing


def start(bench: Bench, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.local.engine.driver", str(bench.folder), *arguments]
    return subprocess.Popen(command, cwd=paths.checkout(), stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def on_shelf(bench: Bench, name: str) -> Callable[[], bool]:
    return lambda: any(found["name"] == name for found in bench.shelf.things().values())


def test_a_killed_run_forgets_nothing_and_the_next_one_finishes_it(bench: Bench) -> None:
    with start(bench, "a", "b=60", "c") as run:
        wait_for(on_shelf(bench, "b"))
        run.kill()
    pending = bench.deployment()["pending_operations"]
    assert [(op["type"], op["resource"]["urn"].rsplit("::", 1)[1]) for op in pending] == [("creating", "b")]
    assert "a" in bench.resources()
    before = set(bench.shelf.things())

    result = bench.up(*things(["a", "b=60", "c"]))
    assert result.exit_code == 0, result.error
    assert ("adopt", "b") in bench.witness.steps
    assert bench.shelf.calls == [("update", "b"), ("create", "c")]
    assert before < set(bench.shelf.things())
    assert len(bench.shelf.things()) == 3
    assert "pending_operations" not in bench.deployment()
    assert any("took over the lock" in text for _, text in bench.witness.messages)


def test_what_a_killed_run_made_is_destroyed_too(bench: Bench) -> None:
    with start(bench, "a=60") as run:
        wait_for(on_shelf(bench, "a"))
        run.kill()
    assert bench.destroy().exit_code == 0
    assert bench.shelf.things() == {}


def test_a_creation_cut_off_before_anything_existed_is_simply_done_again(bench: Bench) -> None:
    bench.up(thing("a"))
    deployment = bench.deployment()
    urn = "urn:pulumi:dev::proj::shelf:index:Thing::b"
    body = {**bench.resources()["a"], "urn": urn}
    bench.edit({**deployment, "pending_operations": [{"type": "creating", "resource": body}]})
    assert bench.up(thing("a"), thing("b")).exit_code == 0
    assert bench.shelf.calls == [("create", "b")]


def test_an_update_cut_off_is_done_again_and_a_deletion_is_believed_when_true(bench: Bench) -> None:
    bench.up(thing("a"), thing("b"), thing("c"))
    states = bench.resources()
    (bench.shelf.folder / f"{states['b']['id']}.json").unlink()
    operations = [("updating", "a"), ("deleting", "b"), ("deleting", "c")]
    pending = [{"type": kind, "resource": states[name]} for kind, name in operations]
    bench.edit({**bench.deployment(), "pending_operations": pending})
    assert bench.up(thing("a"), thing("b"), thing("c")).exit_code == 0
    assert bench.shelf.calls == [("update", "a"), ("create", "b")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_finishes_its_steps_and_says_so(bench: Bench, number: signal.Signals) -> None:
    with start(bench, "a", "b=60", "c") as run:
        wait_for(on_shelf(bench, "b"))
        run.send_signal(number)
        assert run.stderr is not None
        message = run.stderr.read()
    assert run.returncode == 130
    assert "as asked" in message
    assert "Traceback" not in message
    assert bench.resources()["b"]["initErrors"] == ["stopped while waiting"]
    assert "c" not in bench.resources()
    assert not list((bench.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


def test_a_stack_is_held_by_one_run_at_a_time(bench: Bench) -> None:
    with start(bench, "a=60") as run:
        wait_for(on_shelf(bench, "a"))
        result = bench.up(thing("a"))
        assert result.exit_code == 2
        assert f"pid {run.pid}" in result.error
        assert bench.preview(thing("a")).exit_code == 0
        run.kill()


def lock_file(bench: Bench, **content: object) -> Path:
    folder = bench.folder / "state" / ".pulumi" / "locks" / "organization" / "proj" / "dev"
    folder.mkdir(parents=True)
    path = folder / "some.json"
    path.write_text(json.dumps({"pid": os.getpid(), "username": "u", "timestamp": "2030-01-01T00:00:00Z", **content}))
    return path


def test_a_lock_of_another_machine_is_respected(bench: Bench) -> None:
    path = lock_file(bench, hostname="elsewhere", pid=1)
    result = bench.up(thing("a"))
    assert result.exit_code == 2
    assert "u@elsewhere" in result.error
    assert str(path) in result.error


def test_a_lock_cut_off_while_written_is_taken_over(bench: Bench) -> None:
    path = lock_file(bench, hostname="elsewhere")
    path.write_text('{"pid":')
    assert bench.up(thing("a")).exit_code == 0


def test_a_recycled_process_number_does_not_hold_a_lock(bench: Bench) -> None:
    lock_file(bench, hostname=socket.gethostname(), timestamp="2001-01-01T00:00:00Z")
    assert bench.up(thing("a")).exit_code == 0


def test_a_full_disk_is_one_message_and_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.up(thing("a"))
    sync = os.fsync

    def full(descriptor: int) -> None:
        if any(found["name"] == "b" for found in bench.shelf.things().values()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    result = bench.up(thing("a"), thing("b"), thing("c"))
    assert result.exit_code == 1
    assert "dev.json cannot be written: No space left on device" in result.error
    assert not list(bench.state_file.parent.glob("*.new"))

    monkeypatch.setattr(os, "fsync", sync)
    result = bench.up(thing("a"), thing("b"), thing("c"))
    assert result.exit_code == 0
    assert ("adopt", "b") in bench.witness.steps
    assert len(bench.shelf.things()) == 3


def test_a_backend_that_cannot_be_made_is_one_message(bench: Bench) -> None:
    (bench.folder / "state").write_text("in the way")
    result = bench.up(thing("a"))
    assert result.exit_code == 2
    assert "Not a directory" in result.error
    assert bench.shelf.calls == []
