"""Rules about the shape and the memory of a database of the stack's own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.postgres import Durability
from settings.postgres_memory import MIB, postgres_memory, smallest_limit
from settings.problems import Problem
from settings.quantities import parse_bytes

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings


def postgres_shape(settings: "PlatformSettings") -> Iterator[Problem]:
    """As many instances as the durability needs."""
    postgres = settings.postgres
    if postgres.instances == 2:
        yield Problem(
            key="postgres.instances",
            value="2",
            reason="with two instances the loss of either leaves no standby to confirm a commit",
            way_out="Write 1, or 3 for high availability",
        )
    elif (postgres.instances == 1) != (postgres.durability is Durability.LOCAL):
        yield Problem(
            key="postgres.durability",
            value=postgres.durability.value,
            reason=f"it does not go with {postgres.instances} instance(s)",
            way_out="Write 'local' with one instance and 'quorum' or 'strict' with three",
        )


def database_memory(settings: "PlatformSettings") -> Iterator[Problem]:
    """The memory is enough for the connections."""
    postgres = settings.postgres
    try:
        postgres_memory(parse_bytes(postgres.resources.limits.memory), postgres.max_connections)
    except ValueError as error:
        yield Problem(
            key="postgres.resources.limits.memory",
            value=postgres.resources.limits.memory,
            reason=str(error),
            way_out=f"Raise it to {smallest_limit(postgres.max_connections) // MIB}Mi or lower postgres.maxConnections",
        )


POSTGRES_RULES = (postgres_shape, database_memory)
