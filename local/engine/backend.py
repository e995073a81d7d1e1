"""Where states live: the layout of the Pulumi CLI's file backend, with its lock, backups and history."""

import contextlib
import getpass
import json
import os
import socket
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlparse

import psutil

from local import paths
from local.engine.errors import BadInputError, EngineError

BACKEND_URL: Final = "PULUMI_BACKEND_URL"
_KEPT_BACKUPS: Final = 20
_KEPT_HISTORY: Final = 200


def backend_root() -> Path:
    """The folder that holds `.pulumi`: that of `PULUMI_BACKEND_URL`, or the one in the cache.

    Raises:
        BadInputError: the URL is not of this machine.
    """
    url = os.environ.get(BACKEND_URL)
    if not url:
        return paths.state()
    parsed = urlparse(url)
    if parsed.scheme != "file":
        msg = f"{BACKEND_URL}: {url!r} needs the Pulumi CLI; here write file:///some/folder"
        raise BadInputError(msg)
    # `file://~` and `file://./x` are how the CLI spells relative places.
    return Path(unquote(parsed.netloc + parsed.path)).expanduser().resolve()


class StackStore:
    """The files of one stack. Writes are whole or not at all."""

    def __init__(self, root: Path, project: str, stack: str) -> None:
        self._home = root / ".pulumi"
        self._project = project
        self._stack = stack
        self._file = self._home / "stacks" / project / f"{stack}.json"

    @property
    def file(self) -> Path:
        """The state file."""
        return self._file

    @property
    def whole_name(self) -> str:
        """How the state calls the stack."""
        return f"organization/{self._project}/{self._stack}"

    def read(self) -> str | None:
        """The state file's text, or None when there is none yet.

        Raises:
            BadInputError: it is compressed, or cannot be read.
        """
        try:
            return self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{self._file} cannot be read: {error}"
            raise BadInputError(msg) from error
        for suffix in (".gz", ".zst"):
            packed = self._file.with_name(self._file.name + suffix)
            if packed.exists():
                msg = f"{packed} is compressed: switch compression off in the CLI (PULUMI_DIY_BACKEND_GZIP) and run it once"
                raise BadInputError(msg)
        return None

    def write(self, text: str) -> None:
        """Replace the state file; the one before stays as `.bak`."""
        if self._file.exists():
            backup = self._file.with_name(self._file.name + ".bak")
            # Only a help for people; and where two names for one file are not to be had, there is none.
            with contextlib.suppress(OSError):
                backup.unlink(missing_ok=True)
                # The replacement below leaves it with the former content.
                os.link(self._file, backup)
        write_whole(self._file, text)

    def prepare(self) -> None:
        """Mark the backend's layout, and keep a copy of the state as it is before a run."""
        meta = self._home / "meta.yaml"
        if not meta.exists():
            write_whole(meta, "version: 1\n")
        if self._file.exists():
            folder = self._home / "backups" / self._project / self._stack
            write_whole(folder / f"{self._stack}.{time.time_ns()}.json", self._file.read_text(encoding="utf-8"))
            _keep_newest(folder, "*.json", _KEPT_BACKUPS)

    def remember(self, update: Mapping[str, Any]) -> None:
        """Add one entry to the stack's history."""
        folder = self._home / "history" / self._project / self._stack
        write_whole(folder / f"{self._stack}-{time.time_ns()}.history.json", json.dumps(update, indent=4))
        _keep_newest(folder, "*.history.json", _KEPT_HISTORY)

    @contextlib.contextmanager
    def lock(self, notice: Callable[[str], None]) -> Generator[None]:
        """Hold the stack. A lock whose process is gone is taken over, and `notice` says so.

        Raises:
            BadInputError: another run holds it.
        """
        folder = self._home / "locks" / "organization" / self._project / self._stack
        own = folder / f"{uuid.uuid4()}.json"
        self._clear(folder, own, notice)
        content = {
            "pid": os.getpid(),
            "username": getpass.getuser(),
            "hostname": socket.gethostname(),
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        write_whole(own, json.dumps(content))
        try:
            # Two may have begun at the same moment: then both see the other, and both step back.
            self._clear(folder, own, notice)
            yield
        finally:
            own.unlink(missing_ok=True)

    def _clear(self, folder: Path, own: Path, notice: Callable[[str], None]) -> None:
        for path in sorted(folder.glob("*.json")):
            if path == own:
                continue
            with contextlib.suppress(FileNotFoundError):
                holder = _read_lock(path)
                owner = f"{holder.get('username')}@{holder.get('hostname')} (pid {holder.get('pid')})"
                if not _is_dead(holder):
                    msg = (
                        f"stack {self._stack} is held by {owner} since {holder.get('timestamp')}: wait for that run, "
                        f"or, if you are sure it is over, delete {path}"
                    )
                    raise BadInputError(msg)
                path.unlink()
                notice(f"took over the lock of {owner}, which is no longer running")


def _read_lock(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except ValueError:
        # Cut off while it was written: its writer did not live to hold anything.
        return {"hostname": socket.gethostname(), "pid": -1, "username": "unknown", "timestamp": "unknown"}


def _is_dead(holder: Mapping[str, Any]) -> bool:
    """Only of a process of this very machine can it be known."""
    if holder.get("hostname") != socket.gethostname():
        return False
    pid = int(holder.get("pid", -1))
    if pid < 0 or not psutil.pid_exists(pid):
        return True
    with contextlib.suppress(psutil.Error, ValueError):
        process = psutil.Process(pid)
        # A process younger than the lock only has the same number.
        taken = time.mktime(time.strptime(str(holder["timestamp"])[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        return process.status() == psutil.STATUS_ZOMBIE or process.create_time() > taken + 1
    return False


def write_whole(path: Path, text: str) -> None:
    """Write a file so that after a crash it has either the old content or the new. Readable by its owner only.

    Raises:
        EngineError: it cannot be written; the old content stays.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
        msg = f"{path} cannot be written: {error.strerror}; mend that and run again, nothing done so far is lost"
        raise EngineError(msg) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_newest(folder: Path, pattern: str, count: int) -> None:
    for path in sorted(folder.glob(pattern))[:-count]:
        path.unlink(missing_ok=True)
