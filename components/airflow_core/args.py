"""Arguments of AirflowCore."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.contract.endpoints import PostgresEndpoint, RedisEndpoint, TaskPodsEndpoint
from components.contract.images import ImageRefs
from components.contract.labels import PlatformLabels
from components.contract.secrets import SecretRef
from settings.platform_settings import PlatformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowCoreArgs:
    """What AirflowCore is told.

    Attributes:
        settings: of the whole stack; `airflow` says the shape.
        labels: common labels.
        images: where `airflow` comes from.
        namespace: the created namespace of Airflow.
        secrets: the Secrets of this component's consumers, by consumer name.
        priority_class: of its pods.
        postgres: the metadata database.
        redis: the broker; None where the executor needs none.
        task_pods: where tasks get pods of their own; None where they get none.
    """

    settings: PlatformSettings
    labels: PlatformLabels
    images: ImageRefs
    namespace: pulumi.Input[str]
    secrets: Mapping[str, SecretRef]
    priority_class: pulumi.Input[str]
    postgres: PostgresEndpoint
    redis: RedisEndpoint | None
    task_pods: TaskPodsEndpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowResumptionArgs:
    """What AirflowResumption is told.

    Attributes:
        core: what AirflowCore was told.
        after: names of what has to be there before, the Deployments of all workers among them.
    """

    core: AirflowCoreArgs
    after: pulumi.Input[str]
