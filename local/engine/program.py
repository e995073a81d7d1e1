"""Runs the Pulumi program in a child process and reports how it ended."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from local.engine import host, monitor
from local.engine.errors import BadInputError, EngineError
from local.engine.goal import Registrar

_TAIL_LINES: Final = 30


def run_program(
    program: Path,
    *,
    root: Path,
    context: monitor.ProgramContext,
    registrar: Registrar,
    on_message: Callable[[str, str], None] | None = None,
) -> None:
    """Run `program` to its end while `registrar` answers it.

    Args:
        program: the Python file, or a folder with a `__main__.py`.
        root: the folder of `Pulumi.yaml`; the program runs there.
        context: stack, config and mode.
        registrar: who answers registrations; called from many threads.
        on_message: called with severity and text of everything the program logs or prints.

    Raises:
        BadInputError: the program refused its input (it raised RunError).
        EngineError: the program failed, or a step did; of several failed steps the first.
    """
    if not program.exists():
        msg = f"there is no program at {program}"
        raise BadInputError(msg)
    failures: list[EngineError] = []
    messages = monitor.Messages(_without_errors(on_message))
    with (
        monitor.serve(registrar, context, messages, failures.append) as address,
        _start(program, root, context, address) as child,
    ):
        tail = _pump(child, messages)
        code = child.wait()
        tail.join()
    if failures:
        raise failures[0]
    if code != 0:
        raise _failure(code, messages, tail.lines)


def _without_errors(listener: Callable[[str, str], None] | None) -> Callable[[str, str], None] | None:
    """Errors are raised, so that they are shown once and not when a failed step already says why."""
    if listener is None:
        return None
    return lambda severity, message: None if severity == "error" else listener(severity, message)


def _start(program: Path, root: Path, context: monitor.ProgramContext, address: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PULUMI_ERROR_OUTPUT_STRING": "true", "PYTHONUNBUFFERED": "1"}
    child = subprocess.Popen(
        [sys.executable, "-P", host.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        # Ctrl-C is for the engine, which then ends the program itself.
        start_new_session=True,
    )
    task = {
        "program": str(program / "__main__.py" if program.is_dir() else program),
        "root": str(root),
        "address": address,
        "project": context.project,
        "stack": context.stack,
        "config": context.config,
        "secret_keys": sorted(context.secret_keys),
        "dry_run": context.dry_run,
        "parallel": context.parallel,
    }
    if child.stdin is None:
        raise AssertionError
    child.stdin.write(json.dumps(task).encode() + b"\n")
    child.stdin.flush()
    return child


class _Pump(threading.Thread):
    """Reads what the program prints, keeps the last lines, and passes each on."""

    def __init__(self, stream: IO[bytes], messages: monitor.Messages) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._messages = messages
        self.lines: list[str] = []

    def run(self) -> None:
        """Read to the end."""
        for raw in self._stream:
            line = raw.decode(errors="replace").rstrip()
            self.lines = [*self.lines[1 - _TAIL_LINES :], line]
            self._messages.add("info", line)


def _pump(child: "subprocess.Popen[bytes]", messages: monitor.Messages) -> _Pump:
    if child.stdout is None:
        raise AssertionError
    pump = _Pump(child.stdout, messages)
    pump.start()
    return pump


def _failure(code: int, messages: monitor.Messages, printed: list[str]) -> EngineError:
    errors = messages.errors()
    if errors:
        text = "\n".join(errors)
        return BadInputError(text) if code == host.REFUSED else EngineError(text)
    last = "\n".join(f"  {line}" for line in printed[-5:] if line)
    if code < 0:
        return EngineError(f"the program was killed by signal {signal.Signals(-code).name}\n{last}".rstrip())
    return EngineError(f"the program ended with exit code {code} and no message\n{last}".rstrip())
