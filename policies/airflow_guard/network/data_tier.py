"""Database and broker admit named workloads only, and no worker reaches the database."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds, unknown_finding
from ..node import Node, each
from ..options import Option, OptionKind, Options

NAME_LABEL = "app.kubernetes.io/name"
_PORTS = "ports"
_DATABASE = "databasePort"


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Ways into the data tier that are wider than a named workload."""
    guarded = set(options.integers(_PORTS).values())
    database = options.integer(_DATABASE)
    rules = resource.props.at("spec", "ingress").items
    yield from each(rules, lambda rule: _rule(rule, guarded, database), unknown_finding)


def _rule(rule: Node, guarded: set[int], database: int) -> Iterator[Finding]:
    ports = {item.at("port").number for item in rule.at("ports").items}
    if not ports & guarded:
        return
    peers = rule.at("from")
    if peers.empty:
        yield Finding(what="admits everyone to a data port", path=peers.path)
    for peer in peers.items:
        selector = peer.at("podSelector")
        if selector.at("matchLabels").empty and selector.at("matchExpressions").empty:
            yield Finding(what="admits a whole namespace or network to a data port", path=peer.path)
        name = selector.at("matchLabels", NAME_LABEL)
        if database in ports and _is_worker(name.text):
            yield Finding(
                what=f"lets the workers {name.text} reach the metadata database",
                path=name.path,
                mend="remove the rule: tasks speak to the execution API",
            )


def _is_worker(name: str) -> bool:
    return name in {"worker", "workers"} or name.startswith("worker-")


RULE = ResourceRule(
    name="data-tier",
    title="Database and broker admit named workloads only, and no worker reaches the metadata database",
    why="whoever reaches the database or the broker needs one leaked password to own every DAG",
    mend="select the pods by name in `from`",
    severity=Severity.HIGH,
    references=("NSA/CISA Kubernetes Hardening Guide: network separation", "Airflow 3: task execution interface"),
    options=(
        Option(
            name=_PORTS,
            kind=OptionKind.INTEGERS,
            default={"postgresql": 5432, "valkey": 6379, "sentinel": 26379},
            description="The ports of the data tier.",
        ),
        Option(
            name=_DATABASE,
            kind=OptionKind.INTEGER,
            default=5432,
            description="The port of the metadata database.",
        ),
    ),
    applies=of_kinds("NetworkPolicy"),
    check=check,
)
