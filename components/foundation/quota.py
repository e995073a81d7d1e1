"""How much each namespace may ask for: what the settings make it ask for in its largest moment, and a little more.

The largest moment is every autoscaler at its maximum while every rollout has its surge pods up.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from settings.backup import BackupTarget
from settings.base import ResourceList, Resources
from settings.executor import Executor
from settings.ingress import IngressKind
from settings.monitoring import MonitoringMode
from settings.platform_settings import PlatformSettings
from settings.quantities import parse_bytes, parse_millicores
from settings.redis import RedisMode

SIDECARS = Resources(requests=ResourceList(cpu="150m", memory="192Mi"), limits=ResourceList(memory="640Mi"))
"""Set aside in every pod for what runs beside its main container: exporters, log readers, reloaders."""
SMALL_POD = Resources(requests=ResourceList(cpu="100m", memory="128Mi"), limits=ResourceList(memory="512Mi"))
"""A pod whose size is not in the settings: Alertmanager, exporters, one-off jobs."""
ONE_OFF_PODS = 3
"""Room in every namespace for jobs and for somebody who looks into a failure."""
SURGE = 0.25
"""Share of a Deployment's pods that a rollout starts on top, rounded up: Kubernetes' default."""
SENTINELS = 3
REDIS_INSTANCES = 3
BACKUP_PODS = 3
"""Full, differential, and a look at every file."""
DRILLS = 2
MONITORING_HELPERS = 4
"""Alertmanager, statsd exporter, and two in reserve."""
_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Pods of one kind.

    Attributes:
        pods: at most, surge included.
        resources: of the main container.
        volumes: persistent volumes, all pods together.
    """

    pods: int
    resources: Resources
    volumes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A namespace's ceiling; CPU in millicores, memory in bytes."""

    pods: int
    requests_cpu: int
    requests_memory: int
    limits_memory: int
    volumes: int
    load_balancers: int

    def hard(self) -> dict[str, str]:
        """As a ResourceQuota writes it."""
        return {
            "pods": str(self.pods),
            "requests.cpu": f"{self.requests_cpu}m",
            "requests.memory": f"{-(-self.requests_memory // _MEBIBYTE)}Mi",
            "limits.memory": f"{-(-self.limits_memory // _MEBIBYTE)}Mi",
            "persistentvolumeclaims": str(self.volumes),
            "services.loadbalancers": str(self.load_balancers),
        }


def quotas(settings: PlatformSettings) -> dict[str, Quota]:
    """Namespace to its quota."""
    spaces, workers = settings.namespaces, settings.workers
    keda = {workers.keda.namespace: _quota(list(_keda(settings)))} if workers.brings_keda else {}
    tasks = {spaces.tasks: _quota(list(_tasks(settings)))} if settings.airflow.executor.has_pods else {}
    return {
        spaces.edge: _quota(list(_edge(settings)), load_balancers=1),
        spaces.airflow: _quota(list(_airflow(settings))),
        spaces.data: _quota(list(_data(settings))),
        spaces.monitoring: _quota(list(_monitoring(settings))),
        **tasks,
        **keda,
    }


def with_surge(replicas: int) -> int:
    """Pods of a Deployment in the middle of a rollout."""
    return replicas + math.ceil(replicas * SURGE)


def _edge(settings: PlatformSettings) -> Iterator[Demand]:
    if settings.ingress.kind is IngressKind.BUNDLED:
        yield Demand(pods=with_surge(settings.ingress.replicas), resources=settings.ingress.resources)


def _airflow(settings: PlatformSettings) -> Iterator[Demand]:
    airflow = settings.airflow
    for role in (airflow.scheduler, airflow.dag_processor, airflow.triggerer, airflow.api_core, airflow.api_execution):
        yield Demand(pods=with_surge(role.most_replicas), resources=role.resources)
    if airflow.executor is Executor.LOCAL:
        # Those of an update before, whose last tasks have not ended yet.
        yield Demand(pods=airflow.scheduler.replicas, resources=airflow.scheduler.resources)
    for bundle in airflow.bundles.values():
        yield Demand(pods=with_surge(bundle.dag_processor.replicas), resources=bundle.dag_processor.resources)
    # The migration, while the pods of the version before are still there.
    yield Demand(pods=2, resources=airflow.scheduler.resources)
    if airflow.cleaning is not None:
        yield Demand(pods=1, resources=airflow.scheduler.resources)
    if airflow.logs is not None and airflow.logs.bundled is not None:
        yield Demand(pods=1, resources=airflow.logs.bundled.resources, volumes=1)
        yield Demand(pods=1, resources=SMALL_POD)
    if airflow.declared is not None:
        # The Job of a deployment beside that of the schedule.
        yield Demand(pods=2, resources=SMALL_POD)
    for queue in settings.workers.queues.values():
        # Those that finish their last tasks beside as many that took their place, one by one or all at once.
        yield Demand(pods=2 * queue.max_replicas, resources=queue.resources)
    if settings.workers.scaled_queues:
        yield Demand(pods=with_surge(1), resources=SMALL_POD)


def _tasks(settings: PlatformSettings) -> Iterator[Demand]:
    yield Demand(pods=settings.airflow.task_pods.max_pods, resources=settings.airflow.task_pods.resources)


def _keda(settings: PlatformSettings) -> Iterator[Demand]:
    # The operator and the metrics adapter.
    yield Demand(pods=2 * with_surge(1), resources=settings.workers.keda.resources)


def _data(settings: PlatformSettings) -> Iterator[Demand]:
    postgres, redis = settings.postgres, settings.redis
    if postgres.is_external:
        # Its exporter has no instance to stand beside.
        yield Demand(pods=with_surge(1), resources=SMALL_POD)
    else:
        yield Demand(pods=postgres.instances, resources=postgres.resources, volumes=postgres.instances)
    yield Demand(pods=with_surge(postgres.pooler.replicas), resources=postgres.pooler.resources)
    yield from _backups(settings)
    if redis.mode is RedisMode.EXTERNAL or not settings.airflow.executor.has_workers:
        return
    sentinel = redis.mode is RedisMode.SENTINEL
    instances = REDIS_INSTANCES if sentinel else 1
    yield Demand(pods=instances, resources=redis.resources, volumes=instances)
    if sentinel:
        yield Demand(pods=SENTINELS, resources=redis.sentinel_resources, volumes=SENTINELS)


def _backups(settings: PlatformSettings) -> Iterator[Demand]:
    """The pods that ask for backups, and one restore drill by the clock beside one by hand."""
    backup = settings.postgres.backup
    if backup.target is BackupTarget.NONE:
        return
    yield Demand(pods=BACKUP_PODS, resources=SMALL_POD)
    # An instance beside the check, each with the same resources.
    yield Demand(pods=2 * DRILLS, resources=backup.drill.resources, volumes=DRILLS)
    if backup.target is BackupTarget.VOLUME:
        yield Demand(pods=0, resources=SMALL_POD, volumes=1)
    if backup.bundled is not None:
        yield Demand(pods=1, resources=backup.bundled.resources, volumes=1)


def _monitoring(settings: PlatformSettings) -> Iterator[Demand]:
    if settings.monitoring.mode is MonitoringMode.BUNDLED:
        yield Demand(pods=1, resources=settings.monitoring.resources, volumes=1)
    yield Demand(pods=with_surge(MONITORING_HELPERS), resources=SMALL_POD, volumes=1)


def _quota(demands: Sequence[Demand], *, load_balancers: int = 0) -> Quota:
    every = [*demands, Demand(pods=ONE_OFF_PODS, resources=SMALL_POD, volumes=1)]
    return Quota(
        pods=sum(demand.pods for demand in every),
        requests_cpu=sum(demand.pods * _cpu(demand.resources) for demand in every),
        requests_memory=sum(demand.pods * _requested_memory(demand.resources) for demand in every),
        limits_memory=sum(demand.pods * _memory_limit(demand.resources) for demand in every),
        volumes=sum(demand.volumes for demand in every),
        load_balancers=load_balancers,
    )


def _cpu(resources: Resources) -> int:
    return parse_millicores(resources.requests.cpu or "0") + parse_millicores(SIDECARS.requests.cpu or "0")


def _requested_memory(resources: Resources) -> int:
    return parse_bytes(resources.requests.memory) + parse_bytes(SIDECARS.requests.memory)


def _memory_limit(resources: Resources) -> int:
    return parse_bytes(resources.limits.memory) + parse_bytes(SIDECARS.limits.memory)
