"""The machine's part of the network: an address that never leaves it, and forwarding."""

import json
import subprocess
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from local.cluster.layout import BRIDGE, NODE_ADDRESS, RANGE
from local.errors import LocalError

TABLES = (
    ("ip", "kube-proxy"),
    ("ip6", "kube-proxy"),
    ("inet", "cni_plugins_masquerade"),
    ("inet", "cni_hostport"),
)
"""nftables tables that kube-proxy and the CNI plugins make, as (family, name)."""
_BY_IPTABLES = tuple((family, name) for family in ("ip", "ip6") for name in ("nat", "filter", "mangle"))
_FORWARD = ("ip", "filter", "FORWARD")
_COMMENT = "airflow-platform"
SETTINGS = {
    "net/ipv4/ip_forward": 1,
    "fs/inotify/max_user_instances": 1024,
    "fs/inotify/max_user_watches": 524288,
    "vm/max_map_count": 262144,
}
"""Kernel settings below /proc/sys, raised to at least this for as long as the cluster runs."""


def ensure_bridge() -> None:
    """The node's address, on a bridge without ports, and the catch-all route through it.

    The route matters: for an address of a Service the kernel looks for one before it translates.
    """
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        _ip("link", "add", BRIDGE, "type", "bridge")
    _ip("address", "replace", f"{NODE_ADDRESS}/32", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")
    _ip("route", "replace", RANGE, "dev", BRIDGE, "src", NODE_ADDRESS)


def remove_bridge() -> bool:
    """Remove the bridge with its address and route. Returns whether it was there."""
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        return False
    _ip("link", "delete", BRIDGE)
    return True


def remove_pod_links(within: str = RANGE) -> list[str]:
    """Remove the machine's ends of the links of pods with addresses in the range. Returns their names.

    The kernel does so by itself, but only some time after a pod's network namespace has gone.
    """
    shown = subprocess.run(["ip", "-json", "route", "show"], capture_output=True, text=True, check=False)
    routes: list[dict[str, Any]] = json.loads(shown.stdout or "[]")
    ours = ip_network(within)
    links = sorted(
        {
            str(route["dev"])
            for route in routes
            if str(route.get("dev", "")).startswith("veth") and _lies_in(str(route["dst"]), ours)
        }
    )
    for link in links:
        # It may have gone meanwhile.
        subprocess.run(["ip", "link", "delete", link], capture_output=True, check=False)
    return links


def _lies_in(destination: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(destination) in network
    except ValueError:
        return False


def open_forwarding() -> bool:
    """Let pods through a host that forwards nothing by default, as one with Docker does.

    Returns whether there was anything to open.
    """
    chains = _nft("chain", "list", "chain", *_FORWARD)
    if not any(chain.get("policy") == "drop" for chain in chains) or _own_rules():
        return False
    for side in ("saddr", "daddr"):
        _run("nft", "insert", "rule", *_FORWARD, "ip", side, RANGE, "accept", "comment", f'"{_COMMENT}"')
    return True


def close_forwarding() -> None:
    """Take back what `open_forwarding` did."""
    for rule in _own_rules():
        _run("nft", "delete", "rule", *_FORWARD, "handle", str(rule["handle"]))


def _own_rules() -> list[dict[str, Any]]:
    return [rule for rule in _nft("rule", "list", "chain", *_FORWARD) if rule.get("comment") == _COMMENT]


def raise_settings(record: Path) -> None:
    """Raise kernel settings that are too low, remembering in a file what they were."""
    low = {name: now for name, least in SETTINGS.items() if (now := _setting(name)) < least}
    if low:
        # What is low is not ours, so it is what to go back to, also after a restart of the machine.
        before: dict[str, int] = json.loads(record.read_text()) if record.is_file() else {}
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(before | low))
    for name in low:
        _set(name, SETTINGS[name])


def restore_settings(record: Path) -> None:
    """Put kernel settings back to what they were."""
    if not record.is_file():
        return
    for name, value in json.loads(record.read_text()).items():
        if _setting(name) == SETTINGS.get(name):
            _set(name, value)
    record.unlink()


def remove_tables() -> list[str]:
    """Delete the nftables tables of services and pods. Returns those that were there.

    The CNI plugins also look for rules of the older iptables when a pod ends, and the look makes
    empty tables: those go too, while a table with anything in it is somebody else's.
    """
    removed = [table for table in _tables() if table in TABLES or (table in _BY_IPTABLES and _empty(table))]
    for family, name in removed:
        _run("nft", "delete", "table", family, name)
    return [f"{family} {name}" for family, name in removed]


def _tables() -> list[tuple[str, str]]:
    return [(str(item["family"]), str(item["name"])) for item in _nft("table", "list", "tables")]


def _empty(table: tuple[str, str]) -> bool:
    return not _nft("chain", "list", "table", *table)


def _nft(kind: str, *arguments: str) -> list[dict[str, Any]]:
    """The objects of one kind in what `nft` lists."""
    listed = subprocess.run(["nft", "-j", *arguments], capture_output=True, text=True, check=False)
    if listed.returncode:
        return []
    loaded: dict[str, list[dict[str, Any]]] = json.loads(listed.stdout or "{}")
    return [item[kind] for item in loaded.get("nftables", []) if kind in item]


def _setting(name: str) -> int:
    return int(Path("/proc/sys", name).read_text())


def _set(name: str, value: int) -> None:
    Path("/proc/sys", name).write_text(str(value))


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise LocalError(
            f"`{' '.join(command)}` failed: {result.stderr.strip()}. "
            "The cluster needs to make a bridge, routes and nftables rules: run as root on the machine "
            "itself, or in a container with the NET_ADMIN capability."
        )
