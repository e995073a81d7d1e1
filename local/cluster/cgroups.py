"""Control groups, version 1, 2 or both: the cluster keeps to one of its own and is counted there."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from local.cluster.layout import CGROUP, PODS_CGROUP, SYSTEM_CGROUP

ROOT = Path("/sys/fs/cgroup")
_PER_SECOND_V1 = 1_000_000_000  # cpuacct.usage counts nanoseconds
_PER_SECOND_V2 = 1_000_000  # cpu.stat counts microseconds
_SYSTEM_CONTROLLERS = ("cpu", "cpuacct", "memory", "pids")
_ONE_CORE = 1024
"""The share of processor time, in the unit of version 1, that kubelet gives to one core's worth of pods."""


@dataclass(frozen=True)
class Usage:
    """What a group used: processor time so far in seconds, and memory now in bytes."""

    cpu_seconds: float
    memory_bytes: int


def is_v2(root: Path = ROOT) -> bool:
    """Whether the machine has the unified hierarchy alone."""
    return (root / "cgroup.controllers").is_file()


def hierarchies(root: Path = ROOT) -> list[Path]:
    """The mount of every hierarchy: one for version 2, one per controller for version 1."""
    if is_v2(root):
        return [root]
    # Combined controllers appear under several names, which are links to one folder.
    return [path for path in sorted(root.iterdir()) if path.is_dir() and not path.is_symlink()]


def ensure(root: Path = ROOT) -> None:
    """Make the cluster's groups. Kubelet asks that its parent group exists everywhere."""
    for mount in hierarchies(root):
        if is_v2(root):
            _delegate(mount)
        _make(mount / CGROUP)
        if is_v2(root):
            _delegate(mount / CGROUP)
    for mount in _mounts(_SYSTEM_CONTROLLERS, root):
        _make(mount / SYSTEM_CGROUP)
    cores = os.cpu_count() or 1
    for mount in _mounts(("cpu",), root):
        # On a busy machine pods get what they would get without this parent group, and the control
        # plane two cores' worth beside them: a starved API server would look like a dead one.
        _weigh(mount / CGROUP, (cores + 2) * _ONE_CORE)
        _weigh(mount / SYSTEM_CGROUP, 2 * _ONE_CORE)


def enter(pid: int, root: Path = ROOT) -> None:
    """Put a process, and what it starts later, into the group of the control plane."""
    for mount in _mounts(_SYSTEM_CONTROLLERS, root):
        with contextlib.suppress(ProcessLookupError):
            (mount / SYSTEM_CGROUP / "cgroup.procs").write_text(str(pid))


def members(group: str, root: Path = ROOT) -> set[int]:
    """Every process in a group and the groups below it."""
    found: set[int] = set()
    for mount in _mounts(_SYSTEM_CONTROLLERS, root):
        # `os.walk` passes over a group that goes away meanwhile, as those of ending containers do.
        for folder, _, _ in os.walk(mount / group):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in (Path(folder) / "cgroup.procs").read_text().split())
    return found - {0}


def usage(group: str, root: Path = ROOT) -> Usage | None:
    """What a group uses; None if there is no such group."""
    try:
        if is_v2(root):
            return _usage_v2(root / group)
        return _usage_v1(root, group)
    except OSError:
        return None


def kill(group: str, *, patience: float = 15, root: Path = ROOT) -> set[int]:
    """Kill every process in a group until none is left. Returns those that would not go."""
    deadline = time.monotonic() + patience
    while pids := members(group, root) - {os.getpid()}:
        if time.monotonic() > deadline:
            return pids
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    return set()


def remove(root: Path = ROOT) -> None:
    """Remove the cluster's groups, which must be empty of processes."""
    for mount in hierarchies(root):
        top = mount / CGROUP
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()


def _usage_v1(root: Path, group: str) -> Usage:
    cpu = int((root / "cpuacct" / group / "cpuacct.usage").read_text()) / _PER_SECOND_V1
    memory = root / "memory" / group
    used = int((memory / "memory.usage_in_bytes").read_text())
    idle = _field(memory / "memory.stat", "total_inactive_file")
    return Usage(cpu, max(0, used - idle))


def _usage_v2(folder: Path) -> Usage:
    cpu = _field(folder / "cpu.stat", "usage_usec") / _PER_SECOND_V2
    used = int((folder / "memory.current").read_text())
    return Usage(cpu, max(0, used - _field(folder / "memory.stat", "inactive_file")))


def _field(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _mounts(controllers: tuple[str, ...], root: Path) -> list[Path]:
    if is_v2(root):
        return [root]
    return sorted({(root / name).resolve() for name in controllers if (root / name).is_dir()})


def _make(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    # A fresh cpuset of version 1 is empty, and an empty one admits no process.
    for name in ("cpuset.cpus", "cpuset.mems"):
        own, parent = folder / name, folder.parent / name
        if parent.is_file() and own.is_file() and not own.read_text().strip():
            own.write_text(parent.read_text())


def _weigh(folder: Path, shares: int) -> None:
    """Set a group's share of processor time; version 2 counts from 1 to 10000 instead of 2 to 262144."""
    if (folder / "cpu.shares").is_file():
        (folder / "cpu.shares").write_text(str(shares))
    if (folder / "cpu.weight").is_file():
        (folder / "cpu.weight").write_text(str(1 + (shares - 2) * 9999 // 262142))


def _delegate(folder: Path) -> None:
    """Version 2: let the groups below use every controller that is there."""
    for controller in (folder / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")


GROUPS = (PODS_CGROUP, SYSTEM_CGROUP)
"""The groups that hold processes: pods first, so that nothing restarts them while they end."""
