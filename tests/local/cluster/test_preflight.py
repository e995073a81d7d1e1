import os
import socket

import pytest

from local.cluster import preflight
from local.cluster.preflight import (
    GIB,
    PORTS,
    Port,
    disk_faults,
    memory_faults,
    platform_faults,
    port_faults,
    user_faults,
)
from local.errors import PreflightError


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_linux_on_both_processors_is_fine(machine: str) -> None:
    assert platform_faults("Linux", machine) == []


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "riscv64")])
def test_another_platform_is_named_with_the_way_out(system: str, machine: str) -> None:
    (fault,) = platform_faults(system, machine)
    assert f"this is {system} on {machine}" in fault
    assert "CONTEXT=" in fault


def test_only_root_will_do() -> None:
    assert user_faults(0) == []
    (fault,) = user_faults(1000)
    assert "this is user 1000" in fault


def test_too_little_memory_names_both_figures() -> None:
    assert memory_faults(6 * GIB) == []
    (fault,) = memory_faults(4 * GIB)
    assert "4.0 GiB, 6 GiB needed" in fault


def test_a_first_start_needs_more_disk_than_a_later_one() -> None:
    assert disk_faults(5 * GIB, cold=False) == []
    (fault,) = disk_faults(5 * GIB, cold=True)
    assert "5.0 GiB free" in fault
    assert "for a first start" in fault


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_names_its_holder(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        number = server.getsockname()[1]
        (fault,) = port_faults([Port("etcd", "127.0.0.1", number)])
    assert fault.startswith(f"Port {number} (etcd) is taken by ")
    assert f"(process {os.getpid()})" in fault
    assert port_faults([Port("etcd", "127.0.0.1", number)]) == []


def test_the_same_port_of_another_address_is_free() -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        assert port_faults([Port("etcd", "127.0.0.1", server.getsockname()[1])]) == []


def test_all_faults_come_in_one_message_and_own_ports_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        monkeypatch.setattr(preflight, "PORTS", (Port("etcd", "127.0.0.1", number),))
        with pytest.raises(PreflightError) as caught:
            preflight.check(running=[], cold=False)
        assert len(str(caught.value).splitlines()) == 2
        assert caught.value.exit_code == 2
        with pytest.raises(PreflightError) as caught:
            preflight.check(running=["etcd"], cold=False)
        assert "Port" not in str(caught.value)


def test_no_port_is_named_twice() -> None:
    numbers = [port.number for port in PORTS]
    assert len(numbers) == len(set(numbers))
