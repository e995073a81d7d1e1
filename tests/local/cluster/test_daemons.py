from pathlib import Path

import pytest

from local.cluster.daemons import ORDER, daemons
from local.cluster.layout import Layout
from local.cluster.preflight import PORTS


@pytest.fixture
def layout() -> Layout:
    return Layout(root=Path("/c"), bin=Path("/b"), registry=Path("/r"), logs=Path("/l"))


def test_every_program_of_the_order_is_there_in_order(layout: Layout) -> None:
    assert tuple(daemons(layout)) == ORDER


def test_every_listening_program_is_known_to_preflight(layout: Layout) -> None:
    assert {port.owner for port in PORTS} == set(ORDER) - {"containerd"}


def test_programs_come_from_the_toolchain(layout: Layout) -> None:
    assert {Path(daemon.command[0]).parent for daemon in daemons(layout).values()} == {Path("/b")}


def test_nothing_of_the_control_plane_listens_on_every_address(layout: Layout) -> None:
    commands = " ".join(" ".join(daemon.command) for daemon in daemons(layout).values())
    assert "0.0.0.0" not in commands
    made = daemons(layout)
    assert "--bind-address=198.18.255.1" in made["kube-apiserver"].command
    for name in ("kube-controller-manager", "kube-scheduler"):
        assert "--bind-address=127.0.0.1" in made[name].command
        assert "--leader-elect=false" in made[name].command


def test_etcd_admits_only_holders_of_a_certificate(layout: Layout) -> None:
    command = daemons(layout)["etcd"].command
    assert "--client-cert-auth=true" in command
    assert "--peer-client-cert-auth=true" in command


def test_a_changed_configuration_restarts_its_reader() -> None:
    made = daemons(Layout(root=Path("/c"), bin=Path("/b"), registry=Path("/r"), logs=Path("/l")))
    assert [path.name for path in made["kubelet"].reads] == ["kubelet.yaml", "resolv.conf"]
    assert [path.name for path in made["containerd"].reads] == ["containerd.toml"]
