"""Arguments of CeleryWorkers."""

from dataclasses import dataclass

from components.contract.args import ComponentArgs
from components.contract.endpoints import AirflowEndpoint, AutoscalingEndpoint, RedisEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class CeleryWorkersArgs(ComponentArgs):
    """What CeleryWorkers is told besides; `settings.workers.queues` says the shape.

    Attributes:
        queue: whose workers these are.
        redis: the broker.
        airflow: the execution API.
        autoscaling: what its scaler stands on; None where the number of pods is fixed.
    """

    queue: str
    redis: RedisEndpoint
    airflow: AirflowEndpoint
    autoscaling: AutoscalingEndpoint | None = None
