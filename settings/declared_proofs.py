"""Rules about what a stack declares inside Airflow."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from settings.cron import longest_gap
from settings.declared import DeclaredConnection, DeclaredSettings, DeclaredVariable
from settings.problems import Problem

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

DEFAULT_POOL = "default_pool"
LONGEST_GAP_MINUTES = 60
"""What is told of drift is forgotten after an hour: `FORGET_AFTER` of the StatsD exporter."""

HIDDEN_WORDS = (
    *("access_key", "access_token", "api_key", "apikey", "auth_header", "authorization", "bearer", "connection_string"),
    *("dsn", "keyfile_dict", "passphrase", "passwd", "password", "private_key", "proxies", "proxy", "secret"),
    *("service_account", "service_key", "token", "webhook_url"),
)
"""Airflow shows `***` instead of a value whose name holds one of these: `DEFAULT_SENSITIVE_FIELDS` of Airflow 3.3."""


def is_hidden(name: str) -> bool:
    """Whether Airflow hides the value of a variable or of a further parameter of this name."""
    plain = re.sub(r"\W+", "_", name.strip().lower())
    return any(word in plain for word in HIDDEN_WORDS)


def hidden_below(value: Any, path: str = "") -> Iterator[str]:
    """Paths inside of a value whose names say that they are secrets."""
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            if is_hidden(name):
                yield f"{path}.{name}"
            else:
                yield from hidden_below(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[Any]", value)):
            yield from hidden_below(inner, f"{path}.{index}")


def declared(settings: "PlatformSettings") -> Iterator[Problem]:
    """What is declared can be, and no secret stands in clear."""
    found = settings.airflow.declared
    if found is None:
        return
    yield from _pools(found)
    for name, variable in found.variables.items():
        yield from _variable(f"airflow.declared.variables.{name}", name, variable)
    for name, connection in found.connections.items():
        yield from _connection(f"airflow.declared.connections.{name}", connection)
    if (gap := longest_gap(found.schedule)) > LONGEST_GAP_MINUTES:
        yield Problem(
            key="airflow.declared.schedule",
            value=found.schedule,
            reason=f"{gap} minutes can lie between two looks, and what is told of drift is forgotten after "
            f"{LONGEST_GAP_MINUTES}",
            way_out="Look at least once an hour, such as '*/15 * * * *'",
        )


def _pools(found: DeclaredSettings) -> Iterator[Problem]:
    if DEFAULT_POOL in found.pools:
        yield Problem(
            key=f"airflow.declared.pools.{DEFAULT_POOL}",
            value=str(found.pools[DEFAULT_POOL].slots),
            reason="the default pool's size is a setting of its own",
            way_out="Write airflow.defaultPoolSlots instead",
        )


def _variable(key: str, name: str, variable: DeclaredVariable) -> Iterator[Problem]:
    if (variable.value is None) == (variable.value_from is None):
        both = variable.value is not None
        yield Problem(
            key=key,
            value="value and valueFrom" if both else "(missing)",
            reason="it has two values" if both else "it has no value",
            way_out="Write either value or valueFrom",
        )
    elif variable.value_from is not None and not is_hidden(name):
        yield Problem(
            key=f"{key}.valueFrom",
            value=variable.value_from,
            reason="Airflow would show the value to everybody who may see variables, for nothing in the variable's name says "
            "that it is a secret",
            way_out="Let the name hold 'secret', 'password' or 'token'",
        )
    if variable.value is not None:
        paths = ["", *hidden_below(variable.value)] if is_hidden(name) else hidden_below(variable.value)
        yield from _in_clear(f"{key}.value", paths, "valueFrom with its name there")


def _connection(key: str, connection: DeclaredConnection) -> Iterator[Problem]:
    yield from _in_clear(
        f"{key}.extra", hidden_below(connection.extra), "extraFrom with the name of a JSON object there"
    )


def _in_clear(key: str, paths: Iterable[str], instead: str) -> Iterator[Problem]:
    for path in paths:
        yield Problem(
            key=f"{key}{path}",
            value="(not shown)",
            reason="its name says that it is a secret, and here it stands in clear",
            way_out=f"Put it into the stack secret givenValues and write {instead}",
        )


DECLARED_RULES = (declared,)
