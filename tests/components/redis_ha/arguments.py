"""Arguments of RedisHA as Platform would hand them over, with plain values in place of outputs."""

from dataclasses import fields
from typing import Any

from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from components.redis_ha.args import RedisHAArgs
from components.redis_ha.secrets import consumers
from settings.platform_settings import PlatformSettings
from tests.harness import settings_of

DIGEST = "0123456789abcdef" * 4


def arguments(stack: str, version: str = "1") -> RedisHAArgs:
    """For the settings of a real stack file."""
    return arguments_of(settings_of(stack), version)


def arguments_of(settings: PlatformSettings, version: str = "1") -> RedisHAArgs:
    """For any settings."""
    images: dict[str, Any] = {
        entry.name: f"registry.example.com/{entry.name}@sha256:{DIGEST}" for entry in fields(ImageRefs)
    }
    secret_name: Any = "some-secrets"
    return RedisHAArgs(
        settings=settings,
        labels=PlatformLabels(environment=settings.environment.value),
        images=ImageRefs(**images),
        namespace=settings.namespaces.data,
        secrets={item.name: SecretRef(name=secret_name, version=version) for item in consumers(settings)},
        priority_class="data",
    )
