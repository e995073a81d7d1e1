"""What all components declare together: who talks to whom, who reads which secret."""

from components.airflow_core import peers as airflow_peers
from components.airflow_core import secrets as airflow_secrets
from components.autoscaling import peers as autoscaling_peers
from components.autoscaling import secrets as autoscaling_secrets
from components.celery_workers import peers as worker_peers
from components.celery_workers import secrets as worker_secrets
from components.contract.peers import Workload
from components.contract.secrets import SecretConsumer
from components.ingress import peers as ingress_peers
from components.ingress import secrets as ingress_secrets
from components.monitoring_stack import peers as monitoring_peers
from components.monitoring_stack import secrets as monitoring_secrets
from components.postgres_ha import peers as postgres_peers
from components.postgres_ha import secrets as postgres_secrets
from components.redis_ha import peers as redis_peers
from components.redis_ha import secrets as redis_secrets
from components.task_pods import peers as task_pod_peers
from components.task_pods import secrets as task_pod_secrets
from settings.platform_settings import PlatformSettings


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """Every set of equal pods of the platform."""
    return (
        *postgres_peers.workloads(settings),
        *redis_peers.workloads(settings),
        *airflow_peers.workloads(settings),
        *worker_peers.workloads(settings),
        *task_pod_peers.workloads(settings),
        *autoscaling_peers.workloads(settings),
        *monitoring_peers.workloads(settings),
        *ingress_peers.workloads(settings),
    )


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """Every reader of secrets."""
    return (
        *postgres_secrets.consumers(settings),
        *redis_secrets.consumers(settings),
        *airflow_secrets.consumers(settings),
        *worker_secrets.consumers(settings),
        *task_pod_secrets.consumers(settings),
        *autoscaling_secrets.consumers(settings),
        *monitoring_secrets.consumers(settings),
        *ingress_secrets.consumers(settings),
    )
