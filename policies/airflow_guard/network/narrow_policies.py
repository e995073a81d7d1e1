"""Allowances name whom they allow."""

import ipaddress
from collections.abc import Iterator
from functools import partial

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds, unknown_finding
from ..node import Node, each
from ..options import Options

_METADATA = ipaddress.ip_address("169.254.169.254")
_METADATA_PORT = 80


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Rules that allow everything, or the way to the cloud's metadata service."""
    spec = resource.props.at("spec")
    yield from each(spec.at("ingress").items, partial(_anything, "from"), unknown_finding)
    yield from each(spec.at("egress").items, _egress, unknown_finding)


def _egress(rule: Node) -> Iterator[Finding]:
    everything = list(_anything("to", rule))
    yield from everything
    if not everything and _allows_port(rule, _METADATA_PORT) and _allows_metadata(rule):
        yield Finding(
            what=f"lets pods reach the cloud's metadata service at {_METADATA}",
            path=rule.path,
            mend=f"except {_METADATA}/32 from the ipBlock, or name the ports",
        )


def _anything(side: str, rule: Node) -> Iterator[Finding]:
    if rule.at(side).empty and rule.at("ports").empty:
        yield Finding(what="allows all traffic", path=rule.path)


def _allows_port(rule: Node, port: int) -> bool:
    ports = rule.at("ports").items
    return not ports or any(_covers(item, port) for item in ports)


def _covers(item: Node, port: int) -> bool:
    if item.at("protocol").text not in {"", "TCP"}:
        return False
    first = item.at("port")
    if first.absent:
        return True
    last = item.at("endPort").number or first.number
    return first.number is not None and last is not None and first.number <= port <= last


def _allows_metadata(rule: Node) -> bool:
    peers = rule.at("to").items
    return not peers or any(_holds_metadata(peer.at("ipBlock")) for peer in peers)


def _holds_metadata(block: Node) -> bool:
    within = _contains(block.at("cidr").text)
    return within and not any(_contains(item.text) for item in block.at("except").items)


def _contains(cidr: str) -> bool:
    try:
        return _METADATA in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False


RULE = ResourceRule(
    name="narrow-policies",
    title="Network policies name whom they allow, and never the cloud's metadata service",
    why="one rule without peers undoes the default denial, and the metadata service hands out the node's credentials",
    mend="name peers or ports in every rule",
    severity=Severity.HIGH,
    references=("CIS Kubernetes 5.3.2", "NSA/CISA Kubernetes Hardening Guide: network separation"),
    applies=of_kinds("NetworkPolicy"),
    check=check,
)
