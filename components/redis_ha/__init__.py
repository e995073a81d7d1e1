"""RedisHA: the Celery broker."""

from components.redis_ha.args import RedisHAArgs
from components.redis_ha.component import RedisHA

__all__ = ["RedisHA", "RedisHAArgs"]
