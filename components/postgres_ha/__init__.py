"""PostgresHA: the metadata database and its pooler."""

from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.component import PostgresHA

__all__ = ["PostgresHA", "PostgresHAArgs"]
