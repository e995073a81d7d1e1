"""Arguments of RedisHA."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisHAArgs:
    """What RedisHA is told.

    Attributes:
        settings: of the whole stack; `redis` says the shape.
        labels: common labels.
        images: where `valkey` and `exporters` come from.
        namespace: the created data namespace.
        secrets: the Secrets of this component's consumers, by consumer name.
        priority_class: of its pods.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
