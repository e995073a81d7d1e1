"""Arguments of CeleryWorkers."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.endpoints import AirflowEndpoint, AutoscalingEndpoint, RedisEndpoint
from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CeleryWorkersArgs:
    """What CeleryWorkers is told.

    Attributes:
        settings: of the whole stack; `workers.queues` says the shape.
        labels: common labels.
        images: where `airflow` comes from.
        namespace: the created namespace of Airflow.
        secrets: the Secrets of this component's consumers, by consumer name.
        priority_class: of its pods.
        queue: whose workers these are.
        redis: the broker.
        airflow: the execution API.
        autoscaling: what its scaler stands on; None where the number of pods is fixed.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
    queue: str
    redis: RedisEndpoint
    airflow: AirflowEndpoint
    autoscaling: AutoscalingEndpoint | None = None
