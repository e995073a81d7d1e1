"""Arguments of AirflowCore."""

from dataclasses import dataclass

import pulumi

from components.contract.args import ComponentArgs
from components.contract.endpoints import PostgresEndpoint, RedisEndpoint, TaskPodsEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowCoreArgs(ComponentArgs):
    """What AirflowCore is told besides; `settings.airflow` says the shape.

    Attributes:
        postgres: the metadata database.
        redis: the broker; None where the executor needs none.
        task_pods: where tasks get pods of their own; None where they get none.
    """

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
