"""Settings of RedisHA: the Celery broker, Valkey."""

from enum import StrEnum

from pydantic import Field

from settings.base import Memory, ResourceList, Resources, Settings, Storage
from settings.external import ExternalRedisSettings


class RedisMode(StrEnum):
    """Shape of the broker."""

    STANDALONE = "standalone"
    """One instance."""
    SENTINEL = "sentinel"
    """One primary, two replicas, three Sentinels."""
    EXTERNAL = "external"
    """Somebody else's, such as a cloud's; nothing of it is deployed."""


class RedisSettings(Settings):
    """Valkey 8, the Celery broker and result store, or what does its work."""

    mode: RedisMode = RedisMode.SENTINEL
    """Shape of the broker."""
    max_memory: Memory = "1536Mi"
    """Memory for data in bytes; the broker refuses writes beyond it and never evicts."""
    max_clients: int = Field(default=10000, ge=100, le=65000)
    """Client connections."""
    storage: Storage = Storage(size="8Gi")
    """Volume of one instance, for the append-only file."""
    resources: Resources = Resources(requests=ResourceList(cpu="500m", memory="2Gi"), limits=ResourceList(memory="2Gi"))
    """Per instance."""
    sentinel_resources: Resources = Resources(
        requests=ResourceList(cpu="20m", memory="32Mi"), limits=ResourceList(memory="64Mi")
    )
    """Per Sentinel."""
    external: ExternalRedisSettings | None = None
    """Where the broker is, for mode `external`."""
