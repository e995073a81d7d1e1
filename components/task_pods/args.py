"""Arguments of TaskPods."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPodsArgs:
    """What TaskPods is told.

    Attributes:
        settings: of the whole stack; `airflow.task_pods` says the shape.
        labels: common labels.
        images: where `airflow` comes from.
        namespace: the created namespace of the pods.
        secrets: the Secrets of this component's consumers, by consumer name.
        priority_class: of the pods.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
