"""Arguments of RedisHA."""

from dataclasses import dataclass

from components.contract.args import ComponentArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisHAArgs(ComponentArgs):
    """What RedisHA is told: `settings.redis` says the shape."""
