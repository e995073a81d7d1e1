"""A policy pack and its process."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from local.engine.errors import BadInputError, EngineError

_START_SECONDS: Final = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPack:
    """A pack and how to run it.

    Attributes:
        folder: with `PulumiPolicy.yaml` and `__main__.py`.
        config: rule -> level, or rule -> {"enforcementLevel": ..., other settings}; as `--policy-pack-config` takes it.
        python: the interpreter of the pack's environment.
    """

    folder: Path
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    python: Path = field(default_factory=lambda: Path(sys.executable))


def load_pack(folder: Path, config_file: Path | None, python: Path | None = None) -> PolicyPack:
    """A pack with the configuration of a JSON file, when that exists.

    Raises:
        BadInputError: there is no pack in the folder, or the file is not a JSON object.
    """
    if not (folder / "PulumiPolicy.yaml").exists():
        msg = f"{folder} holds no policy pack: PulumiPolicy.yaml is missing"
        raise BadInputError(msg)
    config: Any = {}
    if config_file is not None and config_file.exists():
        try:
            config = json.loads(config_file.read_text())
        except ValueError as error:
            msg = f"{config_file}: not valid JSON: {error}"
            raise BadInputError(msg) from error
        if not isinstance(config, dict):
            msg = f"{config_file}: must be a JSON object of rules"
            raise BadInputError(msg)
    return PolicyPack(folder=folder, config=cast("dict[str, Any]", config), python=python or Path(sys.executable))


@contextlib.contextmanager
def started(pack: PolicyPack, variables: Mapping[str, str]) -> Generator[int]:
    """Run a pack's process and yield the port it serves; ended with the block.

    Args:
        pack: the pack.
        variables: for its environment, on top of this process's own.

    Raises:
        EngineError: it does not start; the message holds its last words.
    """
    process = subprocess.Popen(
        [str(pack.python), "-u", str(pack.folder / "__main__.py"), "127.0.0.1:0"],
        cwd=pack.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **variables},
        start_new_session=True,
        text=True,
    )
    with process:
        try:
            yield _port(process, pack)
        finally:
            process.kill()


def _port(process: "subprocess.Popen[str]", pack: PolicyPack) -> int:
    """The first line of a pack is its port; it may take a while to import what it needs."""
    if process.stdout is None or process.stderr is None:
        raise AssertionError
    errors = _Drain(process.stderr)
    watchdog = threading.Timer(_START_SECONDS, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline().strip()
    finally:
        watchdog.cancel()
    if not line.isdigit():
        process.kill()
        process.wait()
        errors.thread.join()
        said = line or (errors.lines[-1] if errors.lines else "nothing")
        msg = f"the policy pack {pack.folder.name} does not start; it says: {said}"
        raise EngineError(msg)
    _Drain(process.stdout)
    return int(line)


class _Drain:
    """Reads a stream to its end, so that its writer never waits, and keeps the last lines."""

    def __init__(self, stream: Iterable[str]) -> None:
        self.lines: list[str] = []
        self._stream = stream
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with contextlib.suppress(ValueError):
            for line in self._stream:
                self.lines = [*self.lines[-20:], line.rstrip()]
