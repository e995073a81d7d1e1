"""Arguments of PostgresHA."""

from dataclasses import dataclass

from components.contract.args import ComponentArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresHAArgs(ComponentArgs):
    """What PostgresHA is told: `settings.postgres` says the shape."""
