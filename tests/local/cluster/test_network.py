import json
import os
from pathlib import Path

import pytest

from local.cluster import network

LISTINGS = {
    "tables": [("ip", "kube-proxy"), ("ip", "nat"), ("ip", "filter"), ("inet", "firewalld")],
    "ip nat": [],
    "ip filter": ["INPUT"],
}


@pytest.fixture
def nft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `nft` that lists a fixed set of tables and writes down what it is told to delete."""
    tables = {"nftables": [{"table": {"family": f, "name": n}} for f, n in LISTINGS["tables"]]}
    chains = {
        name: json.dumps({"nftables": [{"chain": {"name": chain}} for chain in LISTINGS[name]]})
        for name in ("ip nat", "ip filter")
    }
    script = f"""#!/bin/sh
case "$*" in
  "-j list tables") echo '{json.dumps(tables)}' ;;
  "-j list table ip nat") echo '{chains["ip nat"]}' ;;
  "-j list table ip filter") echo '{chains["ip filter"]}' ;;
  delete*) echo "$*" >> {tmp_path}/deleted ;;
  *) exit 1 ;;
esac
"""
    program = tmp_path / "nft"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "deleted"


def test_only_own_tables_and_empty_ones_are_deleted(nft: Path) -> None:
    assert network.remove_tables() == ["ip kube-proxy", "ip nat"]
    assert nft.read_text().splitlines() == ["delete table ip kube-proxy", "delete table ip nat"]


def forward_chain(tmp_path: Path, policy: str, comments: list[str]) -> Path:
    """A `nft` whose chain FORWARD has a policy and rules; it writes down what it is told to change."""
    chain = {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "policy": policy}}
    rules = [{"rule": {"handle": 7 + number, "comment": text}} for number, text in enumerate(comments)]
    program = tmp_path / "nft"
    program.write_text(
        f"#!/bin/sh\ncase \"$1\" in -j) echo '{json.dumps({'nftables': [chain, *rules]})}' ;; "
        f'*) echo "$*" >> {tmp_path}/told ;; esac\n'
    )
    program.chmod(0o755)
    return tmp_path / "told"


def test_a_host_that_drops_what_it_would_forward_lets_pods_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    told = forward_chain(tmp_path, "drop", ["of somebody else"])
    assert network.open_forwarding() is True
    assert told.read_text().splitlines() == [
        f'insert rule ip filter FORWARD ip {side} 198.18.0.0/15 accept comment "airflow-platform"'
        for side in ("saddr", "daddr")
    ]


@pytest.mark.parametrize(("policy", "comments"), [("accept", []), ("drop", ["airflow-platform"])])
def test_an_open_host_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, comments: list[str]
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    told = forward_chain(tmp_path, policy, comments)
    assert network.open_forwarding() is False
    assert not told.exists()


def test_only_own_rules_are_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    told = forward_chain(tmp_path, "drop", ["of somebody else", "airflow-platform"])
    network.close_forwarding()
    assert told.read_text().splitlines() == ["delete rule ip filter FORWARD handle 8"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Kernel settings that are a dictionary."""
    values = {"net/ipv4/ip_forward": 0, "vm/max_map_count": 1048576}

    def write(name: str, value: int) -> None:
        values[name] = value

    monkeypatch.setattr(network, "SETTINGS", {"net/ipv4/ip_forward": 1, "vm/max_map_count": 262144})
    monkeypatch.setattr(network, "_setting", values.__getitem__)
    monkeypatch.setattr(network, "_set", write)
    return values


def test_settings_are_raised_never_lowered_and_put_back(tmp_path: Path, settings: dict[str, int]) -> None:
    record = tmp_path / "settings.json"
    network.raise_settings(record)
    assert settings == {"net/ipv4/ip_forward": 1, "vm/max_map_count": 1048576}
    network.raise_settings(record)
    network.restore_settings(record)
    assert settings == {"net/ipv4/ip_forward": 0, "vm/max_map_count": 1048576}
    assert not record.exists()


def test_after_a_restart_of_the_machine_its_new_value_is_put_back(tmp_path: Path, settings: dict[str, int]) -> None:
    record = tmp_path / "settings.json"
    network.raise_settings(record)
    settings["vm/max_map_count"] = 65530
    network.raise_settings(record)
    assert settings["vm/max_map_count"] == 262144
    network.restore_settings(record)
    assert settings == {"net/ipv4/ip_forward": 0, "vm/max_map_count": 65530}


def test_a_setting_that_somebody_changed_meanwhile_is_left_alone(tmp_path: Path, settings: dict[str, int]) -> None:
    record = tmp_path / "settings.json"
    network.raise_settings(record)
    settings["net/ipv4/ip_forward"] = 2
    network.restore_settings(record)
    assert settings["net/ipv4/ip_forward"] == 2


def test_only_links_of_pods_in_the_range_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [
        {"dst": "default", "dev": "eth0"},
        {"dst": "198.18.0.25", "dev": "veth1"},
        {"dst": "198.18.0.26", "dev": "eth0"},
        {"dst": "172.17.0.2", "dev": "veth2"},
        {"dst": "198.18.0.0/15", "dev": "afp0"},
    ]
    program = tmp_path / "ip"
    program.write_text(f"""#!/bin/sh
case "$*" in
  "-json route show") echo '{json.dumps(routes)}' ;;
  *) echo "$*" >> {tmp_path}/done; exit 1 ;;
esac
""")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert network.remove_pod_links() == ["veth1"], "another's veth stays, and a link that has gone is no error"
    assert (tmp_path / "done").read_text() == "link delete veth1\n"
