"""Which ports Airflow's processes serve and whom they talk to."""

from components.contract import airflow, bundles, external_database, names, object_store, task_logs, tasks
from components.contract.peers import Need, Outside, Port, Workload
from components.contract.secrets import SecretValue
from settings.airflow import AuthKind
from settings.executor import Executor
from settings.ingress import IngressKind
from settings.platform_settings import PlatformSettings

_POOLER = Need(workload=names.POSTGRES_POOLER, port="postgresql")
_STATSD = Need(workload=names.STATSD_EXPORTER, port="statsd")
_API = Port(name="https", number=names.API_PORT)


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """Migration, scheduler, dag-processor, triggerer and the two api-server roles."""
    namespace = settings.namespaces.airflow
    log_servers = (
        *(Need(workload=names.worker(queue), port="logs") for queue in sorted(settings.workers.queues)),
        *((Need(workload=names.SCHEDULER, port="logs"),) if settings.airflow.executor is Executor.LOCAL else ()),
        Need(workload=names.TRIGGERER, port="logs"),
    )
    login = settings.airflow.auth.kind is AuthKind.OIDC
    bundled = settings.ingress.kind is IngressKind.BUNDLED
    primary = external_database.primary_needs(settings)
    services = external_database.primary_services(settings)
    rotation = Workload(name=names.KEY_ROTATION, namespace=namespace, needs=(*primary, _STATSD), services=services)
    cleaning = Workload(name=names.CLEANING, namespace=namespace, needs=(*primary, _STATSD), services=services)
    declared = Workload(
        name=names.DECLARED, namespace=namespace, needs=(Need(workload=names.API_CORE, port=_API.name), _STATSD)
    )
    changing = (names.MIGRATION, *((names.DOWNGRADE,) if settings.airflow.migration.downgrade else ()))
    log_bucket = task_logs.needs(settings)
    return (
        *_log_store(settings),
        *((declared,) if settings.airflow.declared is not None else ()),
        *((cleaning,) if settings.airflow.cleaning is not None else ()),
        *((rotation,) if settings.credentials.finishes(SecretValue.FERNET_KEY) else ()),
        *(_changing(job, settings) for job in changing),
        Workload(name=names.RESUMPTION, namespace=namespace, needs=(*primary, _STATSD), services=services),
        _scheduler(settings),
        Workload(name=names.DAG_PROCESSOR, namespace=namespace, needs=(_POOLER, _STATSD)),
        *(
            Workload(
                name=names.dag_processor(name),
                namespace=namespace,
                needs=(_POOLER, _STATSD),
                services=bundles.services({name: bundle}),
            )
            for name, bundle in sorted(settings.airflow.bundles.items())
        ),
        Workload(
            name=names.TRIGGERER,
            namespace=namespace,
            ports=(Port(name="logs", number=airflow.TRIGGERER_LOG_PORT),),
            needs=(_POOLER, _STATSD, *log_bucket),
            # A trigger waits for things in the world on behalf of a task.
            reaches=frozenset({Outside.INTERNET}),
        ),
        Workload(
            name=names.API_CORE,
            namespace=namespace,
            ports=(_API,),
            needs=(_POOLER, _STATSD, *log_servers, *log_bucket),
            reaches=frozenset({Outside.INTERNET} if login else ()) | task_logs.reaches(settings) | _task_pods(settings),
            # A controller of the cluster's own lives in a namespace that nobody here knows.
            reached_by=frozenset() if bundled else frozenset({Outside.CLIENTS}),
        ),
        Workload(name=names.API_EXECUTION, namespace=namespace, ports=(_API,), needs=(_POOLER, _STATSD)),
    )


def _log_store(settings: PlatformSettings) -> tuple[Workload, ...]:
    """The stack's own store of task logs, and who removes old ones from it."""
    needs, namespace = task_logs.needs(settings), settings.namespaces.airflow
    if not needs:
        return ()
    return (
        object_store.workload(names.LOG_STORE, namespace),
        Workload(name=names.LOG_CLEANING, namespace=namespace, needs=needs),
    )


def _scheduler(settings: PlatformSettings) -> Workload:
    """Hands tasks to the broker or makes pods for them, or runs them itself: then it talks to whom a worker would."""
    namespace = settings.namespaces.airflow
    health = Port(name="health", number=airflow.SCHEDULER_HEALTH_PORT)
    if settings.airflow.executor is Executor.LOCAL:
        return Workload(
            name=names.SCHEDULER,
            namespace=namespace,
            ports=(health, Port(name="logs", number=airflow.WORKER_LOG_PORT)),
            needs=(_POOLER, _STATSD, tasks.EXECUTION_API),
            services=bundles.services(settings.airflow.bundles),
            reaches=frozenset({Outside.INTERNET}),
        )
    has_workers = settings.airflow.executor.has_workers
    return Workload(
        name=names.SCHEDULER,
        namespace=namespace,
        ports=(health,),
        needs=(_POOLER, _STATSD, *(airflow.broker_needs(settings) if has_workers else ())),
        services=airflow.broker_services(settings) if has_workers else (),
        reaches=_task_pods(settings),
    )


def _task_pods(settings: PlatformSettings) -> frozenset[Outside]:
    """Pods of tasks are made, and what they say is read, through the Kubernetes API."""
    return frozenset({Outside.KUBERNETES_API} if settings.airflow.executor.has_pods else ())


def _changing(job: str, settings: PlatformSettings) -> Workload:
    """A Job that changes the tables, and stops whoever uses them meanwhile."""
    return Workload(
        name=job,
        namespace=settings.namespaces.airflow,
        needs=(*external_database.primary_needs(settings), _STATSD),
        services=external_database.primary_services(settings),
        reaches=frozenset({Outside.KUBERNETES_API}),
    )
