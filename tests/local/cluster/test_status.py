import json
import time
from pathlib import Path

import pytest

from local.cluster import cgroups, health
from local.cluster.cgroups import Usage
from local.cluster.daemons import ORDER
from local.cluster.layout import PODS_CGROUP, Layout
from local.cluster.processes import Daemon, ProcessTable
from local.cluster.status import Load, status


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path / "c", bin=tmp_path / "b", registry=tmp_path / "r", logs=tmp_path / "l")


def test_nothing_running_is_told_without_figures(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: str) -> None: ...

    monkeypatch.setattr(cgroups, "usage", nothing)
    state = status(layout)
    assert (state.running, state.ready, state.total) == (False, False, None)
    assert [component.name for component in state.components] == list(ORDER)
    assert json.loads(state.to_json())["total"] is None


def test_one_missing_program_is_enough_to_be_not_running(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def ready(_: Layout) -> bool:
        return True

    monkeypatch.setattr(health, "node_ready", ready)
    table = ProcessTable(layout.pids)
    for name in ORDER:
        table.ensure(Daemon(name=name, command=("/bin/sleep", "300"), log=layout.logs / f"{name}.log"))
    try:
        state = status(layout, window_seconds=0)
        assert (state.running, state.ready) == (True, True)
        assert all(component.pid and component.memory_bytes > 0 for component in state.components)
        table.stop("etcd")
        state = status(layout, window_seconds=0)
        assert (state.running, state.ready) == (False, False)
        assert [component.name for component in state.components if not component.running] == ["etcd"]
    finally:
        for name in ORDER:
            table.stop(name, grace=1)


def test_load_is_what_was_used_within_the_window(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.0])
    seconds = {"pods": iter([5.0, 6.0]), "system": iter([1.0, 1.5])}

    def usage(group: str) -> Usage:
        part = "pods" if group == PODS_CGROUP else "system"
        return Usage(cpu_seconds=next(seconds[part]), memory_bytes=100)

    def sleep(_: float) -> None: ...

    monkeypatch.setattr(cgroups, "usage", usage)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "sleep", sleep)
    state = status(layout, window_seconds=2)
    assert state.pods == Load(cores=0.5, memory_bytes=100)
    assert state.control_plane == Load(cores=0.25, memory_bytes=100)
    assert state.total == Load(cores=0.75, memory_bytes=200)
