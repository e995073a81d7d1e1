"""Runs one long command: progress lines out, everything into a log, the last lines into the error."""

import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.errors import LocalError, PreflightError

TAIL_LINES = 20
"""Lines of output that an error shows."""

Note = Callable[[str], None]


def run(
    command: Sequence[str], *, what: str, log: Path, note: Note | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a command and append its output to `log`.

    Args:
        command: program and arguments.
        what: the piece of work, as the subject of the error's first sentence.
        log: file that gets all output.
        note: called with each line.
        env: environment; None for this process's.

    Raises:
        PreflightError: the program is not on this machine.
        LocalError: it failed; the message holds its last lines.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with log.open("a", encoding="utf-8", buffering=1) as handle, _start(command, env) as process:
        handle.write(f"$ {' '.join(command)}\n")
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            for raw in process.stdout:
                line = raw.rstrip()
                handle.write(line + "\n")
                tail.append(line)
                if note:
                    note(line)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    if code:
        shown = "\n".join(f"    {line}" for line in tail)
        raise LocalError(
            f"{what} failed (exit code {code}). Mend what its last lines name and run this again; "
            f"what was finished before is kept. The whole output stands in {log}\n{shown}"
        )


def _start(command: Sequence[str], env: Mapping[str, str] | None) -> subprocess.Popen[str]:
    if shutil.which(command[0]) is None:
        raise PreflightError(
            f"{command[0]} is not installed. Install the Debian package of that name and run this again."
        )
    # Killed outright, this process cannot end its child; the kernel can. A build that lives on would work on files
    # that the next one takes for its own.
    guard = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
    return subprocess.Popen(
        [*guard, *command],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # A group of its own: the steps of a build are grandchildren and have to end with it.
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            try:
                os.killpg(process.pid, sign)
                process.wait(timeout=10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
