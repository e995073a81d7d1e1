"""Background processes that outlive the command that started them, known by pid files."""

import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.errors import LocalError

LOG_LIMIT = 20 * 1024 * 1024
"""A log file larger than this, in bytes, is set aside (one generation) when its process starts."""
OPEN_FILES = 1048576
"""Open files that daemons and, through them, containers may have."""
_STATE, _START_TIME = 0, 19  # fields of /proc/<pid>/stat after the name: see proc(5)


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """A program to keep running.

    `reads` are the configuration files it reads at start: a change of them restarts it.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    reads: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def fingerprint(self) -> str:
        """A hash of everything that makes a running process out of date when it changes."""
        digest = hashlib.sha256(repr((self.command, sorted(self.environment.items()))).encode())
        program = Path(self.command[0])
        if program.is_file():
            found = program.stat()
            digest.update(f"{found.st_size} {found.st_mtime_ns}".encode())
        for path in self.reads:
            digest.update(path.read_bytes())
        return digest.hexdigest()[:20]


@dataclass(frozen=True)
class Record:
    """What a pid file says. The start time tells a process from a later one with its number."""

    pid: int
    started: int
    boot: str
    fingerprint: str


def boot_id() -> str:
    """Changes with every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None if it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[_STATE] in ("Z", "X") else int(fields[_START_TIME])


def read_record(path: Path) -> Record | None:
    """The record in a pid file; None if there is none or a kill left half of one."""
    try:
        return Record(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def alive(record: Record) -> bool:
    """Whether the very process of the record still runs."""
    return record.boot == boot_id() and start_time(record.pid) == record.started


class ProcessTable:
    """The processes of one cluster, by name, remembered in a folder of pid files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def running(self, name: str) -> Record | None:
        """The record of a process, if it runs."""
        record = read_record(self._path(name))
        if record is None or record.pid in self._exited():
            return None
        return record if alive(record) else None

    def names(self) -> list[str]:
        """Every name with a pid file, running or not."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def ensure(self, daemon: Daemon) -> bool:
        """Start a daemon unless it runs as it should. Returns whether it was started.

        Raises:
            LocalError: the program cannot be started.
        """
        record = self.running(daemon.name)
        if record and record.fingerprint == daemon.fingerprint():
            return False
        if record:
            self.stop(daemon.name)
        self._start(daemon)
        return True

    def stop(self, name: str, *, grace: float = 15) -> bool:
        """End a process: asked first, forced after `grace` seconds. Returns whether it ran."""
        record = self.running(name)
        if record:
            end([record.pid], grace=grace)
            self._exited()
        self._path(name).unlink(missing_ok=True)
        return record is not None

    def _start(self, daemon: Daemon) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        daemon.log.parent.mkdir(parents=True, exist_ok=True)
        if daemon.log.is_file() and daemon.log.stat().st_size > LOG_LIMIT:
            daemon.log.replace(daemon.log.with_suffix(".old.log"))
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        # prlimit sets the limit and becomes the program: Go hands the first limit on to containers.
        command = ["prlimit", f"--nofile={files}:{files}", "--", *daemon.command]
        with daemon.log.open("ab") as log:
            try:
                child = subprocess.Popen(
                    command,
                    cwd="/",
                    env=os.environ | daemon.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise LocalError(f"{daemon.name} cannot be started: {error}") from error
        self._children[child.pid] = child
        started = start_time(child.pid)
        if started is None:
            child.wait()
            raise LocalError(f"{daemon.name} ended at once.\n{log_tail(daemon.log)}")
        record = Record(child.pid, started, boot_id(), daemon.fingerprint())
        fresh = self._path(daemon.name).with_suffix(".new")
        fresh.write_text(json.dumps(asdict(record)))
        fresh.replace(self._path(daemon.name))

    def _exited(self) -> list[int]:
        """Reap our own children, which would stay behind as zombies; returns those that ended."""
        return [pid for pid, child in self._children.items() if child.poll() is not None]

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def end(pids: list[int], *, grace: float) -> None:
    """Send SIGTERM to processes, and SIGKILL to those that are left after `grace` seconds."""
    born = {pid: start_time(pid) for pid in pids}

    def left() -> list[int]:
        return [pid for pid, started in born.items() if started is not None and start_time(pid) == started]

    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        if number is signal.SIGTERM and grace <= 0:
            continue
        for pid in left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while left() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not left():
            return


def log_tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log file, for a message."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 16384))
            text = log.read().decode(errors="replace")
    except OSError:
        return f"(no log at {path})"
    return "\n".join([*text.splitlines()[-lines:], f"(log: {path})"])
