"""Connections to databases and brokers are encrypted."""

import re
from collections.abc import Iterator

from ..kubernetes import makes_pods
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import each
from ..options import RELAXED, Options
from ..secrets.default_accounts import secret_places
from ..secrets.places import Place, places

# Not `sentinel://`, which has no encrypted form: there the transport options decide.
_URL = re.compile(
    r"\b(?P<scheme>(?:db\+)?postgres(?:ql)?(?:\+psycopg2?)?|redis|amqp)://(?:[^\s@/\"']*@)?"
    r"(?P<host>\[[^\]]*\]|[^\s:/?,;\"'@]*)(?P<rest>[^\s\"'`]*)"
)
_MODE = re.compile(r"(?m)(?P<key>\b(?:client_tls_|server_tls_)?sslmode)\s*[=:]\s*[\"']?(?P<mode>[a-z-]+)")
_WEAK = frozenset({"disable", "allow", "prefer"})
_HERE = frozenset({"", "localhost", "127.0.0.1", "[::1]"})
_SOCKET = re.compile(r"\bhost=(/|%2F)")


def applies(resource: Resource) -> bool:
    """Pods, ConfigMaps and Secrets."""
    return makes_pods(resource) or resource.kind in {"ConfigMap", "Secret"}


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Connections that leave the pod in plain text, or would if the other side liked. Values are never repeated."""
    if resource.environment in options.texts(RELAXED.name):
        return
    found = secret_places(resource) if resource.kind == "Secret" else places(resource)
    yield from each(found, _place, unknown_finding)


def _place(place: Place) -> Iterator[Finding]:
    text = place.node.text
    for url in _URL.finditer(text):
        if url["host"] not in _HERE and _plain(url["scheme"], url["rest"]):
            yield _finding(place, f"connects to {url['host']} by {url['scheme']} without demanding encryption")
            return
    outside = _URL.sub("", text)
    for mode in _MODE.finditer(outside):
        if mode["mode"] in _WEAK and not _SOCKET.search(outside):
            yield _finding(place, f"sets {mode['key']} to {mode['mode']}, which allows plain text")
            return


def _plain(scheme: str, rest: str) -> bool:
    if "postgres" not in scheme:
        return True
    mode = _MODE.search(rest)
    return not _SOCKET.search(rest) and (mode is None or mode["mode"] in _WEAK)


def _finding(place: Place, what: str) -> Finding:
    return Finding(what=what, path=place.node.path, part=place.part)


RULE = ResourceRule(
    name="encrypted-connections",
    title="Connections to databases and brokers are encrypted",
    why="passwords, Connections and task arguments pass these wires, and another pod on the node may listen",
    mend="demand TLS: sslmode=verify-full for PostgreSQL, rediss:// or amqps:// for the broker",
    severity=Severity.HIGH,
    references=("NSA/CISA Kubernetes Hardening Guide: encryption", "PostgreSQL: SSL support", "CWE-319"),
    options=(RELAXED,),
    applies=applies,
    check=check,
)
