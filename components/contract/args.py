"""What every component is told."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentArgs:
    """What every component is told that runs pods; each has a class of its own, with what only it is told besides.

    Attributes:
        settings: of the whole stack.
        labels: common labels.
        images: where the images of its pods come from.
        namespace: the created namespace of its pods.
        secrets: the Secrets of the component's consumers, by consumer name.
        priority_class: of its pods.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
