"""Names under which the database is reached, and how many instances may be away by choice."""

from collections.abc import Mapping

import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.labels import ROLE_LABEL
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.manifests.common import metadata
from components.postgres_ha.names import NODES_SERVICE, PATRONI_PORT, PRIMARY_SERVICE, REPLICA_SERVICE


def nodes_service(args: PostgresHAArgs) -> k8s.core.v1.ServiceInitArgs:
    """Headless, and with instances that are not ready: a replica has to find its leader before it can become ready."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, NODES_SERVICE, names.POSTGRES),
        spec=k8s.core.v1.ServiceSpecArgs(
            cluster_ip="None",
            publish_not_ready_addresses=True,
            selector=args.labels.selector(names.POSTGRES),
            ports=[_port("postgresql", names.POSTGRES_PORT), _port("patroni", PATRONI_PORT)],
        ),
    )


def primary_service(args: PostgresHAArgs) -> k8s.core.v1.ServiceInitArgs:
    """The instance that Patroni labels as primary."""
    return _role_service(args, PRIMARY_SERVICE, {ROLE_LABEL: "primary"})


def replica_service(args: PostgresHAArgs) -> k8s.core.v1.ServiceInitArgs:
    """The standbys, for reading; with one instance there is only that one to read from."""
    role = "replica" if args.settings.postgres.instances > 1 else "primary"
    return _role_service(args, REPLICA_SERVICE, {ROLE_LABEL: role})


def _role_service(args: PostgresHAArgs, name: str, role: Mapping[str, str]) -> k8s.core.v1.ServiceInitArgs:
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, name, names.POSTGRES),
        spec=k8s.core.v1.ServiceSpecArgs(
            type="ClusterIP",
            selector={**args.labels.selector(names.POSTGRES), **role},
            ports=[_port("postgresql", names.POSTGRES_PORT)],
        ),
    )


def pooler_service(args: PostgresHAArgs) -> k8s.core.v1.ServiceInitArgs:
    """PgBouncer."""
    return k8s.core.v1.ServiceInitArgs(
        metadata=metadata(args, names.POSTGRES_POOLER, names.POSTGRES_POOLER),
        spec=k8s.core.v1.ServiceSpecArgs(
            type="ClusterIP",
            selector=args.labels.selector(names.POSTGRES_POOLER),
            ports=[_port("postgresql", names.POSTGRES_PORT)],
        ),
    )


def disruption_budget(args: PostgresHAArgs, workload: str) -> k8s.policy.v1.PodDisruptionBudgetInitArgs:
    """A drain takes one pod of the workload at a time."""
    return k8s.policy.v1.PodDisruptionBudgetInitArgs(
        metadata=metadata(args, workload, workload),
        spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=args.labels.selector(workload)),
        ),
    )


def _port(name: str, number: int) -> k8s.core.v1.ServicePortArgs:
    return k8s.core.v1.ServicePortArgs(name=name, port=number, target_port=name)
