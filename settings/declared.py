"""Settings of what a stack declares inside Airflow: pools, variables and connections."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from settings.backup import Cron
from settings.base import Settings


def _slots(slots: int) -> int:
    if slots == 0 or slots < -1:
        raise ValueError("a pool of no slots runs nothing; write 1 or more, or -1 for no limit")
    return slots


def _plain_host(host: str) -> str:
    if "://" in host or "@" in host or "/" in host:
        raise ValueError("it is no host name; put the parts of a URL into connType, login, host, port and schema")
    return host


Slots = Annotated[int, AfterValidator(_slots)]
"""Slots of a pool; -1 for no limit."""
PoolName = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[\w.-]+$")]
VariableName = Annotated[str, Field(min_length=1, max_length=250, pattern=r"^[\w.-]+$")]
ConnectionName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w.-]+$")]
GivenName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""Name of a text in the stack secret `givenValues`."""


class DeclaredPool(Settings):
    """A pool of slots that tasks share."""

    slots: Slots
    """Slots; -1 for no limit."""
    description: str = ""
    """What it is for."""
    include_deferred: bool = False
    """Deferred tasks keep their slots."""


class DeclaredVariable(Settings):
    """A variable that tasks read."""

    value: Any = None
    """Its value in clear; anything else than a text is kept as JSON."""
    value_from: GivenName | None = None
    """Name of the text in the stack secret `givenValues` that is its value, instead of `value`."""
    description: str = ""
    """What it is for."""


class DeclaredConnection(Settings):
    """A connection that tasks use."""

    conn_type: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=100)
    """Kind of the connection as its provider calls it, such as `postgres` or `http`."""
    description: str = ""
    """What it is for."""
    host: Annotated[str, AfterValidator(_plain_host)] | None = None
    """Host name."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Port."""
    login: str | None = None
    """Who logs in."""
    schema_: str | None = Field(default=None, alias="schema")
    """Schema, database or bucket, as the provider understands it."""
    password_from: GivenName | None = None
    """Name of the text in the stack secret `givenValues` that is its password."""
    extra: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Further parameters in clear."""
    extra_from: GivenName | None = None
    """Name of the text in the stack secret `givenValues` that is a JSON object of further parameters."""


class DeclaredSettings(Settings):
    """What stands in Airflow because the stack file says so; whatever else is there is left alone."""

    pools: dict[PoolName, DeclaredPool] = Field(default_factory=dict[str, DeclaredPool])
    """Name of a pool to what it is; the default pool is `airflow.defaultPoolSlots`."""
    variables: dict[VariableName, DeclaredVariable] = Field(default_factory=dict[str, DeclaredVariable])
    """Name of a variable to what it is."""
    connections: dict[ConnectionName, DeclaredConnection] = Field(default_factory=dict[str, DeclaredConnection])
    """Name of a connection to what it is."""
    schedule: Cron = "*/15 * * * *"
    """When Airflow is compared with the stack file, in UTC; at least once an hour."""
    repair: bool = False
    """What somebody changed by hand is put back by the schedule, not only shown. A deployment always puts it back."""

    @property
    def references(self) -> dict[str, str]:
        """Where the stack file refers to a text of `givenValues`, to the text's name there."""
        found: dict[str, str | None] = {}
        for name, variable in self.variables.items():
            found[f"airflow.declared.variables.{name}.valueFrom"] = variable.value_from
        for name, connection in self.connections.items():
            found[f"airflow.declared.connections.{name}.passwordFrom"] = connection.password_from
            found[f"airflow.declared.connections.{name}.extraFrom"] = connection.extra_from
        return {key: name for key, name in found.items() if name is not None}
