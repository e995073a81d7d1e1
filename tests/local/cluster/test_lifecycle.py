import errno
import shutil
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from local import toolchain
from local.cluster import lifecycle, network, preflight
from local.cluster.layout import Layout
from local.cluster.processes import Daemon, ProcessTable
from local.errors import LocalError, PreflightError


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("AIRFLOW_PLATFORM_CACHE", str(tmp_path))
    return Layout(root=tmp_path / "c", bin=tmp_path / "b", registry=tmp_path / "r", logs=tmp_path / "l")


def refuse(*_: object, **__: object) -> None:
    raise PreflightError("does not fit")


def test_a_machine_that_does_not_fit_is_left_untouched(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "check", refuse)
    monkeypatch.setattr(network, "ensure_bridge", lambda: pytest.fail("something was begun"))
    with pytest.raises(PreflightError, match="does not fit"):
        lifecycle.up(layout)
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.lock"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, r"The disk is full: .*/somewhere"), (errno.EROFS, r"The machine refused: .*/somewhere")],
)
def test_an_error_of_the_system_is_one_message(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(**_: object) -> None:
        raise OSError(number, "broken", "/somewhere")

    monkeypatch.setattr(preflight, "check", fail)
    with pytest.raises(LocalError, match=words):
        lifecycle.up(layout)


def test_two_commands_do_not_meet(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "_LOCK_PATIENCE", 0.1)
    with FileLock(tmp_path / "cluster.lock"), pytest.raises(PreflightError, match="Another command"):
        lifecycle.up(layout)


def test_a_program_that_no_pid_file_knows_is_ended_and_a_known_one_stays(layout: Layout) -> None:
    layout.bin.mkdir()
    for name in ("etcd", "registry"):
        shutil.copy("/bin/sleep", layout.bin / name)
    table = ProcessTable(layout.pids)
    table.ensure(Daemon(name="registry", command=(str(layout.bin / "registry"), "300"), log=layout.logs / "x.log"))
    with subprocess.Popen([layout.bin / "etcd", "300"]) as stray:
        lifecycle.sweep_strays(layout, table)
        assert stray.wait(timeout=10) == -signal.SIGTERM
    assert table.running("registry") is not None
    table.stop("registry")
    assert [line.partition(":")[0] for line in lifecycle.kept(layout)] == [
        "programs of the cluster",
        "cluster data",
        "logs",
    ]


@pytest.mark.parametrize("cold", [True, False])
def test_work_on_the_side_is_done_while_programs_are_built_and_only_then(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, *, cold: bool
) -> None:
    events: list[str] = []

    @contextmanager
    def aside(_: object) -> Generator[None]:
        events.append("begun")
        yield
        events.append("done")

    def build_all(_: object) -> None:
        events.append("built")

    def is_built(_: object) -> bool:
        return not cold

    def agree(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(preflight, "check", agree)
    monkeypatch.setattr(toolchain, "is_built", is_built)
    monkeypatch.setattr(toolchain, "ensure_packages", agree)
    monkeypatch.setattr(toolchain, "build_all", build_all)
    monkeypatch.setattr(lifecycle, "ensure_busybox", refuse)
    with pytest.raises(PreflightError, match="does not fit"):
        lifecycle.up(layout, aside=aside)
    assert events == (["begun", "built", "done"] if cold else ["built"])
