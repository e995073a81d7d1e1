"""No account has the password that everyone tries first."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from ..kubernetes import makes_pods
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import Node, Unknown, each
from ..options import RELAXED, Options
from .places import Place, commands, places
from .shapes import assignments, flags, is_secret_name, url_passwords, user_lines

_DEFAULTS = frozenset(
    {
        "123456",
        "12345678",
        "admin",
        "airflow",
        "changeme",
        "default",
        "foobared",
        "guest",
        "letmein",
        "minioadmin",
        "pass",
        "password",
        "postgres",
        "prom-operator",
        "redis",
        "root",
        "secret",
        "test",
        "valkey",
    }
)
_ALL_ADMINS = "simple_auth_manager_all_admins"
_ALL_ADMINS_LINE = re.compile(rf"^\s*{_ALL_ADMINS}\s*=\s*(true|t|1|yes|on)\s*$", re.IGNORECASE | re.MULTILINE)
_TRUE = frozenset({"true", "t", "1", "yes", "on"})
_STANDALONE = re.compile(r"\bairflow\s+standalone\b")


def applies(resource: Resource) -> bool:
    """Pods, ConfigMaps and Secrets."""
    return makes_pods(resource) or resource.kind in {"ConfigMap", "Secret"}


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Well-known passwords, and ways in without any."""
    relaxed = resource.environment in options.texts(RELAXED.name)
    found = secret_places(resource) if resource.kind == "Secret" else places(resource)
    yield from each(found, partial(_place, relaxed), unknown_finding)
    yield from each([resource], partial(_commands, relaxed), unknown_finding)


def secret_places(resource: Resource) -> list[Place]:
    """The texts in a Secret, decoded.

    A value that a preview does not know is left out: it comes from a generator, not from the program's text, and the
    rule is asked again with the value before the Secret is written.
    """
    props = resource.props
    found = [Place(key, node) for key, node in _known_entries(props.at("stringData"))]
    for key, node in _known_entries(props.at("data")):
        found.append(Place(key, Node(_decoded(node.text), node.path)))
    return found


def _known_entries(node: Node) -> list[tuple[str, Node]]:
    if isinstance(node.raw, Unknown):
        return []
    return [(key, value) for key, value in node.entries if not isinstance(value.raw, Unknown)]


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _place(relaxed: bool, place: Place) -> Iterator[Finding]:
    text = place.node.text
    for user, password in _credentials(place.name, text):
        if password.lower() in _DEFAULTS or (user and password == user):
            yield _finding(place, f"gives {f'user {user!r}' if user else 'an account'} a well-known password")
            break
    if not relaxed and _everyone_is_admin(place.name, text):
        yield _finding(place, "makes every visitor an administrator", "remove simple_auth_manager_all_admins")


def _credentials(name: str, text: str) -> Iterator[tuple[str, str]]:
    """User, if known, and password of everything in the text that is a credential."""
    if is_secret_name(name):
        yield "", text.strip()
    yield from url_passwords(text)
    yield from user_lines(text)
    for _, value in assignments(text):
        yield "", value
    for user, value in _json_map(text).items():
        if value == user:
            yield user, value


def _json_map(text: str) -> dict[str, Any]:
    """A JSON object, as Airflow's file of simple passwords is one; empty for anything else."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _everyone_is_admin(name: str, text: str) -> bool:
    by_name = name.lower() == f"airflow__core__{_ALL_ADMINS}" and text.strip().lower() in _TRUE
    return by_name or bool(_ALL_ADMINS_LINE.search(text))


def _commands(relaxed: bool, resource: Resource) -> Iterator[Finding]:
    for place in commands(resource):
        command = place.node.text
        if any(value.lower() in _DEFAULTS for _, value in flags(command)):
            yield _finding(place, "passes a well-known password")
        if not relaxed and _STANDALONE.search(command):
            yield _finding(place, "runs `airflow standalone`, which makes an administrator by itself", "run each part")


def _finding(place: Place, what: str, mend: str = "") -> Finding:
    return Finding(what=what, path=place.node.path, part=place.part, mend=mend)


RULE = ResourceRule(
    name="default-accounts",
    title="No account has a well-known password, and nobody gets in without one",
    why="admin/admin is the first thing that is tried, and whoever is in may run code as every DAG",
    mend="generate the password and protect the generator",
    severity=Severity.CRITICAL,
    references=("CWE-1392", "OWASP Top 10 A07: authentication failures", "Airflow: security model"),
    options=(RELAXED,),
    applies=applies,
    check=check,
)
