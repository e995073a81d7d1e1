"""The probe script, run as pods run it, against processes that live, stand still and are gone."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from components.contract import airflow
from components.contract.airflow_pods import connected_probe
from tests.harness import plain

SCRIPT = Path(airflow.__file__).parent / "assets" / airflow.ALIVE_SCRIPT


@pytest.fixture(scope="module")
def alive() -> ModuleType:
    spec = spec_from_file_location("alive", SCRIPT)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose main thread sleeps and wakes, as a main loop does."""
    loop = "import time\nwhile True: time.sleep(0.01)"
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", loop]) as process:
        yield process
        process.kill()


def proc_with_main(folder: Path, process: int, comm: str = "airflow") -> Path:
    """A /proc in which process 1 is a real process of this machine."""
    (folder / "1").mkdir()
    (folder / "1" / "comm").write_text(comm)
    (folder / "1" / "status").symlink_to(f"/proc/{process}/status")
    return folder


def test_a_working_main_loop_is_turning(alive: ModuleType, busy: subprocess.Popen[bytes], tmp_path: Path) -> None:
    proc, memory = proc_with_main(tmp_path, busy.pid), tmp_path / "memory"
    for now in (0.0, 100.0, 200.0):
        assert alive.is_turning(proc, memory, now, 60.0)
        time.sleep(0.1)


def test_a_stopped_main_loop_is_noticed_after_its_time(
    alive: ModuleType, busy: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    proc, memory = proc_with_main(tmp_path, busy.pid), tmp_path / "memory"
    busy.send_signal(19)  # SIGSTOP
    time.sleep(0.1)
    assert alive.is_turning(proc, memory, 0.0, 60.0)
    assert alive.is_turning(proc, memory, 59.0, 60.0)
    assert not alive.is_turning(proc, memory, 60.0, 60.0)
    busy.send_signal(18)  # SIGCONT
    time.sleep(0.1)
    assert alive.is_turning(proc, memory, 61.0, 60.0)


def test_behind_an_init_the_first_child_counts(alive: ModuleType, tmp_path: Path) -> None:
    proc = proc_with_main(tmp_path, 1, comm="tini")
    for process, parent in ((7, 1), (12, 1), (5, 7)):
        (proc / str(process)).mkdir()
        (proc / str(process) / "status").write_text(f"Name:\tx\nPPid:\t{parent}\n")
    assert alive.main_process(proc) == 7


def test_an_init_without_child_is_an_error(alive: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no child"):
        alive.main_process(proc_with_main(tmp_path, 1, comm="tini"))


def test_a_connection_counts_only_while_it_is_established() -> None:
    def check(port: int) -> int:
        probe = plain(connected_probe(port, period=1, failures=1))
        return subprocess.run(probe["exec"]["command"], check=False).returncode

    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        assert check(port) == 1
        with socket.create_connection(("127.0.0.1", port)):
            assert check(port) == 0
