"""Arguments of PostgresHA as Platform would hand them over, with plain values in place of outputs."""

from dataclasses import fields
from typing import Any

from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.secrets import consumers
from settings.platform_settings import PlatformSettings
from tests.harness import settings_of

DIGEST = "0123456789abcdef" * 4


def arguments(stack: str = "dev", settings: PlatformSettings | None = None, version: str = "1") -> PostgresHAArgs:
    """For the settings of a real stack file, or for given ones."""
    settings = settings or settings_of(stack)
    images: dict[str, Any] = {
        entry.name: f"registry.example.com/{entry.name}@sha256:{DIGEST}" for entry in fields(ImageRefs)
    }
    secret_name: Any = "some-secrets"
    return PostgresHAArgs(
        settings=settings,
        labels=PlatformLabels(environment=settings.environment.value),
        images=ImageRefs(**images),
        namespace=settings.namespaces.data,
        secrets={item.name: SecretRef(name=secret_name, version=version) for item in consumers(settings)},
        priority_class="data",
    )


def changed(settings: PlatformSettings, **postgres: Any) -> PlatformSettings:
    """The same settings with other values under `postgres`."""
    return settings.model_copy(update={"postgres": settings.postgres.model_copy(update=postgres)})
