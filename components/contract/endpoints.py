"""Records that one component hands to the next: where it can be reached, once it is there.

They hold Outputs of real objects, so whoever uses one waits for them: order follows data.
"""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityClasses:
    """Whose pods stay when there is not room for all, highest first.

    Attributes:
        data: database, pooler, broker.
        control: schedulers, api-servers, dag-processors, triggerers, the migration.
        edge: the edge and monitoring.
        workers: Celery workers, whose tasks can run again.
    """

    data: pulumi.Output[str]
    control: pulumi.Output[str]
    edge: pulumi.Output[str]
    workers: pulumi.Output[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresEndpoint:
    """The metadata database.

    Attributes:
        pooler_host: PgBouncer, for everything that runs all the time.
        primary_host: the primary itself, for migrations and cleaning.
        port: of both.
        database: name of the database.
    """

    pooler_host: pulumi.Output[str]
    primary_host: pulumi.Output[str]
    port: int
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisEndpoint:
    """The Celery broker.

    Attributes:
        host: of the one instance, or of the Sentinels' Service.
        sentinel: True when `host` answers as Sentinel.
        ready: something to wait for; its value has no meaning.
    """

    host: pulumi.Output[str]
    sentinel: bool
    ready: pulumi.Output[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPodsEndpoint:
    """Where tasks get pods of their own.

    Attributes:
        template: the pod as JSON, there once all is there that such a pod needs, and the rights to make it.
        secrets_version: of the Secret that it names. Whoever makes pods restarts with it: soon after, the Secret of before is
            gone.
    """

    template: pulumi.Output[str]
    secrets_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowEndpoint:
    """Airflow's two api-server roles.

    Attributes:
        core_host: user interface and public API.
        core_port: its port.
        execution_url: base URL of the task execution API, for workers, once every pod of it is one of now.
        rolled: names of all its Deployments, once every pod is one of now.
    """

    core_host: pulumi.Output[str]
    core_port: int
    execution_url: pulumi.Output[str]
    rolled: pulumi.Output[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalingEndpoint:
    """What the scalers of the queues build on.

    Attributes:
        authentication_kind: kind of the object that says how KEDA logs in at the database.
        authentication_name: its name; whoever uses it waits until KEDA and the drain controller run.
    """

    authentication_kind: str
    authentication_name: pulumi.Output[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeEndpoint:
    """Where people reach the platform.

    Attributes:
        url: of the user interface.
        service_host: the bundled edge's Service, empty for another kind.
    """

    url: str
    service_host: pulumi.Output[str]
