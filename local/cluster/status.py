"""What the cluster is doing, as a record that turns into JSON."""

import contextlib
import json
import time
from dataclasses import asdict, dataclass, field

import psutil

from local.cluster import cgroups, health
from local.cluster.daemons import ORDER
from local.cluster.layout import CONTEXT, NODE_NAME, PODS_CGROUP, SYSTEM_CGROUP, Layout
from local.cluster.processes import ProcessTable
from local.toolchain import TOOLS, tool_version


@dataclass(frozen=True, kw_only=True)
class Component:
    """One program of the node."""

    name: str
    running: bool
    pid: int | None = None
    memory_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a part of the cluster takes: processor cores on average over the window, memory now."""

    cores: float
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of the local cluster."""

    running: bool
    ready: bool
    node: str
    context: str
    kubeconfig: str
    components: tuple[Component, ...]
    control_plane: Load | None
    pods: Load | None
    window_seconds: float
    versions: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def total(self) -> Load | None:
        """Control plane and pods together."""
        parts = [part for part in (self.control_plane, self.pods) if part]
        if not parts:
            return None
        return Load(cores=sum(part.cores for part in parts), memory_bytes=sum(part.memory_bytes for part in parts))

    def to_json(self) -> str:
        """The record as JSON, with the total."""
        total = self.total
        return json.dumps(asdict(self) | {"total": asdict(total) if total else None}, indent=2)


def status(layout: Layout, *, window_seconds: float = 3) -> Status:
    """Look at the processes, the node and, over a window, at what they use."""
    table = ProcessTable(layout.pids)
    components = tuple(_component(table, name) for name in ORDER)
    running = all(component.running for component in components)
    control_plane, pods = _loads(window_seconds)
    return Status(
        running=running,
        ready=running and health.node_ready(layout),
        node=NODE_NAME,
        context=CONTEXT,
        kubeconfig=str(layout.kubeconfig),
        components=components,
        control_plane=control_plane,
        pods=pods,
        window_seconds=window_seconds,
        versions={entry.name: tool_version(entry) for entry in TOOLS},
    )


def _component(table: ProcessTable, name: str) -> Component:
    record = table.running(name)
    if record is None:
        return Component(name=name, running=False)
    memory = 0
    with contextlib.suppress(psutil.Error):
        memory = psutil.Process(record.pid).memory_info().rss
    return Component(name=name, running=True, pid=record.pid, memory_bytes=memory)


def _loads(window: float) -> tuple[Load | None, Load | None]:
    groups = (SYSTEM_CGROUP, PODS_CGROUP)
    first = [cgroups.usage(group) for group in groups]
    if not any(first):
        return None, None
    started = time.monotonic()
    time.sleep(window)
    passed = time.monotonic() - started
    second = [cgroups.usage(group) for group in groups]
    system, pods = (_load(one, two, passed) for one, two in zip(first, second, strict=True))
    return system, pods


def _load(first: cgroups.Usage | None, second: cgroups.Usage | None, seconds: float) -> Load | None:
    if first is None or second is None:
        return None
    return Load(
        cores=round(max(0.0, second.cpu_seconds - first.cpu_seconds) / seconds, 3),
        memory_bytes=second.memory_bytes,
    )
