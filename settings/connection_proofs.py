"""Rules about connections: of the database, of the pooler, and who holds them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.problems import Problem

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

RESERVED_CONNECTIONS = 20
"""Server connections kept for superuser, replication, exporters, migrations and cleaning."""

CLIENT_CONNECTIONS_PER_PROCESS = 15
"""Airflow's `sql_alchemy_pool_size` 5 and `max_overflow` 10."""

SCALER_CONNECTIONS = 6
"""Server connections per scaled queue: three signals, each read by a pool of KEDA's that keeps two."""


def airflow_database_processes(settings: "PlatformSettings") -> int:
    """Airflow processes that hold database connections, with one pod of surge per role."""
    airflow = settings.airflow
    roles = (airflow.scheduler, airflow.dag_processor, airflow.triggerer)
    readers = (bundle.dag_processor for bundle in airflow.bundles.values())
    pods = sum(role.replicas + 1 for role in (*roles, *readers))
    servers = sum((api.most_replicas + 1) * api.workers for api in (airflow.api_core, airflow.api_execution))
    return pods + servers


def server_connections(settings: "PlatformSettings") -> int:
    """Connections that the database must be able to hold."""
    pooler = settings.postgres.pooler
    return pooler.replicas * pooler.pool_size + RESERVED_CONNECTIONS + scaler_connections(settings)


def scaler_connections(settings: "PlatformSettings") -> int:
    """Those of them that the autoscaler holds."""
    return len(settings.workers.scaled_queues) * SCALER_CONNECTIONS


def enough_server_connections(settings: "PlatformSettings") -> Iterator[Problem]:
    """The database holds every connection of the poolers, and those beside them."""
    postgres = settings.postgres
    wanted = server_connections(settings)
    if wanted > postgres.max_connections:
        yield Problem(
            key="postgres.maxConnections",
            value=str(postgres.max_connections),
            reason=f"{postgres.pooler.replicas} poolers x {postgres.pooler.pool_size} connections + "
            f"{RESERVED_CONNECTIONS} reserved + {scaler_connections(settings)} of the queues' scalers = {wanted}",
            way_out=f"Raise it to {wanted} or lower postgres.pooler.poolSize",
        )


def enough_client_connections(settings: "PlatformSettings") -> Iterator[Problem]:
    """The poolers hold every connection of Airflow, one of them away."""
    pooler, processes = settings.postgres.pooler, airflow_database_processes(settings)
    wanted = processes * CLIENT_CONNECTIONS_PER_PROCESS
    # One pooler may be away for a rollout; those that remain must carry everybody.
    carrying = max(1, pooler.replicas - 1)
    if wanted > carrying * pooler.max_client_connections:
        yield Problem(
            key="postgres.pooler.maxClientConnections",
            value=str(pooler.max_client_connections),
            reason=f"{processes} Airflow processes x {CLIENT_CONNECTIONS_PER_PROCESS} connections = {wanted}, "
            f"and {carrying} pooler(s) must carry them while one restarts",
            way_out=f"Raise it to {-(-wanted // carrying)}",
        )


CONNECTION_RULES = (enough_server_connections, enough_client_connections)
