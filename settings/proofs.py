"""Rules between numbers: what has to fit together before anything is touched.

Each rule is a function from the whole settings to problems; `RULES` is the list of them.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from settings.airflow import AuthKind
from settings.airflow_proofs import AIRFLOW_RULES
from settings.backup_proofs import BACKUP_RULES
from settings.base import Resources
from settings.bundle_proofs import BUNDLE_RULES
from settings.credential_proofs import CREDENTIAL_RULES
from settings.declared_proofs import DECLARED_RULES
from settings.executor import Executor
from settings.executor_proofs import EXECUTOR_RULES
from settings.external_proofs import EXTERNAL_RULES
from settings.import_proofs import IMPORT_RULES
from settings.ingress import IngressKind
from settings.log_proofs import LOG_RULES
from settings.postgres import Durability
from settings.postgres_memory import MIB, postgres_memory, smallest_limit
from settings.problems import Problem, SettingsError
from settings.quantities import parse_bytes, parse_millicores
from settings.redis import RedisMode
from settings.restore_proofs import RESTORE_RULES
from settings.scaling import ScalingProfile
from settings.stack import Environment

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

Rule = Callable[["PlatformSettings"], Iterator[Problem]]

RESERVED_CONNECTIONS = 20
"""Server connections kept for superuser, replication, exporters, migrations and cleaning."""

CLIENT_CONNECTIONS_PER_PROCESS = 15
"""Airflow's `sql_alchemy_pool_size` 5 and `max_overflow` 10."""


SCALER_CONNECTIONS = 6
"""Server connections per scaled queue: three signals, each read by a pool of KEDA's that keeps two."""


def worker_slots(settings: "PlatformSettings") -> int:
    """Tasks that all workers together can run at their largest."""
    return sum(queue.max_replicas * queue.concurrency for queue in settings.workers.queues.values())


def task_slots(settings: "PlatformSettings") -> int:
    """Tasks that can run at once: in workers and in pods, or as many as the schedulers may start in their own."""
    airflow = settings.airflow
    if airflow.executor is Executor.LOCAL:
        return airflow.parallelism * airflow.scheduler.replicas
    return worker_slots(settings) + (airflow.task_pods.max_pods if airflow.executor.has_pods else 0)


def airflow_database_processes(settings: "PlatformSettings") -> int:
    """Airflow processes that hold database connections, with one pod of surge per role."""
    airflow = settings.airflow
    roles = (airflow.scheduler, airflow.dag_processor, airflow.triggerer)
    readers = (bundle.dag_processor for bundle in airflow.bundles.values())
    pods = sum(role.replicas + 1 for role in (*roles, *readers))
    servers = sum((api.most_replicas + 1) * api.workers for api in (airflow.api_core, airflow.api_execution))
    return pods + servers


_WHOSE = {
    Executor.CELERY: "the workers",
    Executor.KUBERNETES: "the task pods",
    Executor.HYBRID: "the workers and task pods",
    Executor.LOCAL: "the schedulers",
}
_FEWER_SLOTS = {
    Executor.CELERY: "workers.queues.*.maxReplicas",
    Executor.KUBERNETES: "airflow.taskPods.maxPods",
    Executor.HYBRID: "workers.queues.*.maxReplicas or airflow.taskPods.maxPods",
}
_SLOTS = {
    Executor.CELERY: "sum of maxReplicas x concurrency",
    Executor.KUBERNETES: "airflow.taskPods.maxPods",
    Executor.HYBRID: "sum of maxReplicas x concurrency, and airflow.taskPods.maxPods",
}
"""By executor, for messages; the schedulers' own slots are their parallelism."""


def _parallelism(settings: "PlatformSettings") -> Iterator[Problem]:
    airflow, slots = settings.airflow, task_slots(settings)
    schedulers = airflow.scheduler.replicas
    if airflow.parallelism * schedulers < slots:
        yield Problem(
            key="airflow.parallelism",
            value=str(airflow.parallelism),
            reason=f"{airflow.parallelism} x {schedulers} schedulers = {airflow.parallelism * schedulers} "
            f"running tasks, but {_WHOSE[airflow.executor]} have {slots} slots ({_SLOTS[airflow.executor]})",
            way_out=f"Raise it to {-(-slots // schedulers)} or lower {_FEWER_SLOTS[airflow.executor]}",
        )


def _default_pool(settings: "PlatformSettings") -> Iterator[Problem]:
    slots, pool = task_slots(settings), settings.airflow.default_pool_slots
    if pool < slots:
        yield Problem(
            key="airflow.defaultPoolSlots",
            value=str(pool),
            reason=f"{_WHOSE[settings.airflow.executor]} have {slots} slots, so the default pool would hold tasks back",
            way_out=f"Raise it to {slots}",
        )


def server_connections(settings: "PlatformSettings") -> int:
    """Connections that the database must be able to hold."""
    pooler = settings.postgres.pooler
    return pooler.replicas * pooler.pool_size + RESERVED_CONNECTIONS + scaler_connections(settings)


def scaler_connections(settings: "PlatformSettings") -> int:
    """Those of them that the autoscaler holds."""
    return len(settings.workers.scaled_queues) * SCALER_CONNECTIONS


def _server_connections(settings: "PlatformSettings") -> Iterator[Problem]:
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


def _client_connections(settings: "PlatformSettings") -> Iterator[Problem]:
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


def _postgres_shape(settings: "PlatformSettings") -> Iterator[Problem]:
    postgres = settings.postgres
    if postgres.instances == 2:
        yield Problem(
            key="postgres.instances",
            value="2",
            reason="with two instances the loss of either leaves no standby to confirm a commit",
            way_out="Write 1, or 3 for high availability",
        )
    elif (postgres.instances == 1) != (postgres.durability is Durability.LOCAL):
        yield Problem(
            key="postgres.durability",
            value=postgres.durability.value,
            reason=f"it does not go with {postgres.instances} instance(s)",
            way_out="Write 'local' with one instance and 'quorum' or 'strict' with three",
        )


def _database_memory(settings: "PlatformSettings") -> Iterator[Problem]:
    postgres = settings.postgres
    try:
        postgres_memory(parse_bytes(postgres.resources.limits.memory), postgres.max_connections)
    except ValueError as error:
        yield Problem(
            key="postgres.resources.limits.memory",
            value=postgres.resources.limits.memory,
            reason=str(error),
            way_out=f"Raise it to {smallest_limit(postgres.max_connections) // MIB}Mi or lower postgres.maxConnections",
        )


def _workers(settings: "PlatformSettings") -> Iterator[Problem]:
    queues = settings.workers.queues
    if settings.airflow.executor.has_workers and "default" not in queues:
        yield Problem(
            key="workers.queues",
            value=", ".join(sorted(queues)) or "(empty)",
            reason="no workers for the queue 'default', to which tasks go unless they name another",
            way_out="Add workers.queues.default",
        )
    for name, queue in sorted(queues.items()):
        if queue.min_replicas > queue.max_replicas:
            yield Problem(
                key=f"workers.queues.{name}.minReplicas",
                value=str(queue.min_replicas),
                reason=f"it is above maxReplicas {queue.max_replicas}",
                way_out=f"Lower it to {queue.max_replicas} or raise maxReplicas",
            )


def _scaling(settings: "PlatformSettings") -> Iterator[Problem]:
    for name, queue in sorted(settings.workers.queues.items()):
        key, scaling = f"workers.queues.{name}", queue.scaling
        if queue.min_replicas == 0 and scaling.profile is not ScalingProfile.DEMAND:
            yield Problem(
                key=f"{key}.minReplicas",
                value="0",
                reason=f"with the scaling profile '{scaling.profile.value}' nothing would ever start a worker",
                way_out="Write 1, or the scaling profile 'demand'",
            )
        bands = (
            ("queued", "", scaling.queued_down, scaling.queued_up),
            ("oldestQueued", "Seconds", scaling.oldest_queued_down_seconds, scaling.oldest_queued_up_seconds),
            ("cpu", "Percent", scaling.cpu_down_percent, scaling.cpu_up_percent),
            ("memory", "Percent", scaling.memory_down_percent, scaling.memory_up_percent),
        )
        for signal, unit, down, up in bands:
            if down >= up:
                yield Problem(
                    key=f"{key}.scaling.{signal}Down{unit}",
                    value=str(down),
                    reason=f"it is not below {signal}Up{unit} {up}, so the workers would grow and shrink in turn",
                    way_out=f"Lower it to {up - 1} or less",
                )
        for index, planned in enumerate(scaling.planned):
            if planned.replicas > queue.max_replicas:
                yield Problem(
                    key=f"{key}.scaling.planned[{index}].replicas",
                    value=str(planned.replicas),
                    reason=f"it is above maxReplicas {queue.max_replicas}",
                    way_out=f"Lower it to {queue.max_replicas} or raise maxReplicas",
                )


def _authentication(settings: "PlatformSettings") -> Iterator[Problem]:
    auth = settings.airflow.auth
    if auth.kind is AuthKind.OIDC and auth.oidc is None:
        yield Problem(
            key="airflow.auth.oidc",
            value="(missing)",
            reason="kind 'oidc' needs a provider",
            way_out="Add airflow.auth.oidc with issuer and clientId, or write kind 'generated'",
        )
    if auth.kind is not AuthKind.OIDC and auth.oidc is not None:
        yield Problem(
            key="airflow.auth.kind",
            value=auth.kind.value,
            reason="airflow.auth.oidc is given and would be ignored",
            way_out="Write kind 'oidc' or remove airflow.auth.oidc",
        )


def _edge(settings: "PlatformSettings") -> Iterator[Problem]:
    ingress = settings.ingress
    needed = {
        IngressKind.GATEWAY: ("gateway", ingress.gateway),
        IngressKind.INGRESS: ("className", ingress.class_name),
    }
    for kind, (key, value) in needed.items():
        if ingress.kind is kind and value is None:
            yield Problem(
                key=f"ingress.{key}",
                value="(missing)",
                reason=f"kind '{kind.value}' needs it",
                way_out=f"Add ingress.{key}, or write kind 'bundled'",
            )
    if ingress.kind is IngressKind.INGRESS and ingress.tls_secret is None:
        yield Problem(
            key="ingress.tlsSecret",
            value="(missing)",
            reason="kind 'ingress' serves TLS with a certificate that your controller or cert-manager provides",
            way_out="Add ingress.tlsSecret",
        )
    for kind, (key, value) in needed.items():
        if ingress.kind is not kind and value is not None:
            yield Problem(
                key=f"ingress.{key}",
                value=str(value),
                reason=f"kind '{ingress.kind.value}' does not use it",
                way_out=f"Remove it or write kind '{kind.value}'",
            )


def _every_resources(settings: "PlatformSettings") -> Iterator[tuple[str, Resources]]:
    airflow = settings.airflow
    yield "postgres", settings.postgres.resources
    yield "postgres.pooler", settings.postgres.pooler.resources
    yield "postgres.backup.drill", settings.postgres.backup.drill.resources
    yield "redis", settings.redis.resources
    for name in ("scheduler", "dag_processor", "triggerer", "api_core", "api_execution"):
        camel = name.split("_")[0] + "".join(word.title() for word in name.split("_")[1:])
        yield f"airflow.{camel}", getattr(airflow, name).resources
    for name, bundle in sorted(airflow.bundles.items()):
        yield f"airflow.bundles.{name}.dagProcessor", bundle.dag_processor.resources
    for name, queue in sorted(settings.workers.queues.items()):
        yield f"workers.queues.{name}", queue.resources
    yield "airflow.taskPods", airflow.task_pods.resources
    yield "workers.keda", settings.workers.keda.resources
    yield "monitoring", settings.monitoring.resources
    yield "ingress", settings.ingress.resources


def _requests_within_limits(settings: "PlatformSettings") -> Iterator[Problem]:
    for key, resources in _every_resources(settings):
        requests, limits = resources.requests, resources.limits
        if parse_bytes(requests.memory) > parse_bytes(limits.memory):
            yield Problem(
                key=f"{key}.resources.requests.memory",
                value=requests.memory,
                reason=f"it is above the limit {limits.memory}",
                way_out=f"Lower it to {limits.memory} or raise the limit",
            )
        if requests.cpu and limits.cpu and parse_millicores(requests.cpu) > parse_millicores(limits.cpu):
            yield Problem(
                key=f"{key}.resources.requests.cpu",
                value=requests.cpu,
                reason=f"it is above the limit {limits.cpu}",
                way_out=f"Lower it to {limits.cpu} or leave the CPU limit out",
            )


def _broker_memory(settings: "PlatformSettings") -> Iterator[Problem]:
    redis = settings.redis
    if redis.mode is RedisMode.EXTERNAL:
        return
    data, limit = parse_bytes(redis.max_memory), parse_bytes(redis.resources.limits.memory)
    # A rewrite of the append-only file forks; pages written meanwhile exist twice.
    if data * 4 > limit * 3:
        yield Problem(
            key="redis.maxMemory",
            value=redis.max_memory,
            reason=f"it is over three quarters of the memory limit {redis.resources.limits.memory}, "
            "and rewriting the append-only file needs room beside the data",
            way_out=f"Lower it to {limit * 3 // 4 // 2**20}Mi or raise redis.resources.limits.memory",
        )


def _production(settings: "PlatformSettings") -> Iterator[Problem]:
    if settings.environment is not Environment.PROD:
        return
    airflow = settings.airflow
    floors = (
        ("airflow.scheduler.replicas", airflow.scheduler.replicas, 2),
        ("airflow.dagProcessor.replicas", airflow.dag_processor.replicas, 2),
        ("airflow.triggerer.replicas", airflow.triggerer.replicas, 2),
        ("airflow.apiCore.replicas", airflow.api_core.replicas, 2),
        ("airflow.apiExecution.replicas", airflow.api_execution.replicas, 2),
        ("postgres.instances", settings.postgres.instances, 1 if settings.postgres.is_external else 3),
        ("postgres.pooler.replicas", settings.postgres.pooler.replicas, 2),
        ("ingress.replicas", settings.ingress.replicas, 2),
    )
    for key, value, floor in floors:
        if value < floor:
            yield Problem(
                key=key,
                value=str(value),
                reason=f"prod must survive the loss of a pod, which takes at least {floor}",
                way_out=f"Raise it to {floor}",
            )
    if settings.redis.mode is RedisMode.STANDALONE:
        yield Problem(
            key="redis.mode",
            value=settings.redis.mode.value,
            reason="prod must survive the loss of the broker's pod",
            way_out="Write 'sentinel', or 'external' with a service that survives it",
        )
    if airflow.auth.kind is not AuthKind.OIDC:
        yield Problem(
            key="airflow.auth.kind",
            value=airflow.auth.kind.value,
            reason="in prod people log in at a provider, where multi-factor authentication lives",
            way_out="Write 'oidc' and add airflow.auth.oidc",
        )


def _examples(settings: "PlatformSettings") -> Iterator[Problem]:
    if settings.airflow.load_examples and settings.environment is not Environment.DEV:
        yield Problem(
            key="airflow.loadExamples",
            value="true",
            reason=f"example DAGs do not belong into {settings.environment.value}",
            way_out="Remove it",
        )


def _context(settings: "PlatformSettings") -> Iterator[Problem]:
    if not settings.context:
        yield Problem(
            key="context",
            value="(missing)",
            reason="without it the current context of whoever deploys would be used",
            way_out="Name the kube context of this stack",
        )


def _images(settings: "PlatformSettings") -> Iterator[Problem]:
    for name, reference in sorted(settings.images.overrides.items()):
        if "@sha256:" not in reference:
            yield Problem(
                key=f"images.overrides.{name}",
                value=reference,
                reason="a tag can change under a running platform",
                way_out="Write it by digest: <registry>/<name>@sha256:<digest>",
            )
    if settings.images.build and settings.environment is Environment.PROD:
        yield Problem(
            key="images.build",
            value="true",
            reason="prod runs what was built and tested before, by the digests of images/lock.yaml",
            way_out="Remove it",
        )


RULES: tuple[Rule, ...] = (
    _context,
    _images,
    _parallelism,
    _default_pool,
    _server_connections,
    _client_connections,
    _postgres_shape,
    _database_memory,
    _workers,
    _scaling,
    _broker_memory,
    _requests_within_limits,
    _authentication,
    _edge,
    _examples,
    _production,
    *BACKUP_RULES,
    *RESTORE_RULES,
    *IMPORT_RULES,
    *EXTERNAL_RULES,
    *AIRFLOW_RULES,
    *DECLARED_RULES,
    *BUNDLE_RULES,
    *CREDENTIAL_RULES,
    *LOG_RULES,
    *EXECUTOR_RULES,
)

_OF_OWN_DATABASE = (_postgres_shape, _database_memory, *BACKUP_RULES, *RESTORE_RULES)
"""Rules about what a database has that the platform runs itself."""


def prove(settings: "PlatformSettings") -> None:
    """Check every rule.

    Raises:
        SettingsError: with every problem found.
    """
    skipped: tuple[Rule, ...] = _OF_OWN_DATABASE if settings.postgres.is_external else ()
    problems = [problem for rule in RULES if rule not in skipped for problem in rule(settings)]
    if problems:
        raise SettingsError(problems)
