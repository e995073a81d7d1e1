"""A long command shows its lines, keeps a log, and fails with its last lines."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import paths
from local.errors import LocalError, PreflightError
from local.images.process import TAIL_LINES, run


def test_lines_reach_the_note_and_the_log(tmp_path: Path) -> None:
    seen: list[str] = []
    log = tmp_path / "logs/x.log"
    run([sys.executable, "-c", "print('a'); print('b')"], what="It", log=log, note=seen.append)
    assert seen == ["a", "b"]
    assert log.read_text().splitlines()[-2:] == ["a", "b"]


def test_a_failure_shows_the_last_lines_and_the_log(tmp_path: Path) -> None:
    program = "import sys\nfor n in range(50): print('line', n)\nprint('why', file=sys.stderr)\nsys.exit(3)"
    log = tmp_path / "x.log"
    with pytest.raises(LocalError) as raised:
        run([sys.executable, "-u", "-c", program], what="Building image a", log=log)
    message = str(raised.value)
    assert message.startswith("Building image a failed (exit code 3).")
    assert str(log) in message
    assert message.splitlines()[-1].strip() == "why"
    assert len(message.splitlines()) == TAIL_LINES + 1
    assert "line 10\n" not in message
    assert raised.value.exit_code == 1


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match="no-such-program is not installed"):
        run(["no-such-program"], what="It", log=tmp_path / "x.log")


def test_the_program_and_its_children_end_with_an_interruption(tmp_path: Path) -> None:
    marker = tmp_path / "child"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(marker)!r}).write_text('alive')"
    parent = f"import subprocess, sys; print('up', flush=True); subprocess.run([sys.executable, '-c', {child!r}])"

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", parent], what="It", log=tmp_path / "x.log", note=interrupt)
    time.sleep(2)
    assert not marker.exists()


def test_the_program_ends_with_a_process_that_is_killed_outright(tmp_path: Path) -> None:
    marker = tmp_path / "child"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(marker)!r}).write_text('alive')"
    parent = (
        "import os, pathlib, signal, sys\nfrom local.images.process import run\n"
        f"kill = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"run([sys.executable, '-c', \"print('up', flush=True); \" + {child!r}], what='It', "
        f"log=pathlib.Path({str(tmp_path / 'x.log')!r}), note=kill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", parent], cwd=paths.checkout(), check=False)
    assert killed.returncode == -signal.SIGKILL
    time.sleep(2)
    assert not marker.exists()
