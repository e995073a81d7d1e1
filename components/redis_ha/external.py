"""A broker that somebody else runs: who looks at it first, and what is looked for."""

from components.contract.external_broker import AUTHORITY_FILE, authority_path, external_broker, external_broker_service
from components.contract.peers import Workload
from components.contract.preflights import Preflight
from components.contract.secrets import SecretConsumer
from components.redis_ha.args import RedisHAArgs
from components.redis_ha.manifests.common import scripts
from components.redis_ha.names import COMPONENT
from settings.external import ExternalRedisSettings
from settings.platform_settings import PlatformSettings

PREFLIGHT = "broker-preflight"
PASSWORD_FILE = "broker-password"  # noqa: S105 - the name of a file
_SCRIPT = "broker_preflight.py"

_BESIDE_TASKS = 4
"""Connections of a worker on top of one per task slot: its main process, events, commands, results."""
_SCHEDULERS = 100


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """The preflight; none where the broker is ours."""
    broker = external_broker(settings)
    if broker is None:
        return ()
    service = external_broker_service(broker)
    return (Workload(name=PREFLIGHT, namespace=settings.namespaces.data, services=(service,)),)


def consumers(settings: PlatformSettings) -> tuple[SecretConsumer, ...]:
    """The same."""
    broker = external_broker(settings)
    if broker is None:
        return ()
    authority = {AUTHORITY_FILE: broker.authority} if broker.authority else {}
    files = {PASSWORD_FILE: "{broker_airflow_password}", **authority}
    return (SecretConsumer(name=PREFLIGHT, namespace=settings.namespaces.data, files=files),)


def preflight(args: RedisHAArgs, broker: ExternalRedisSettings) -> Preflight:
    """The Job that looks at the broker as its clients will."""
    return Preflight(
        name=PREFLIGHT,
        component=COMPONENT,
        namespace=args.namespace,
        labels=args.labels,
        image=args.images.airflow,
        priority_class=args.priority_class,
        secret=args.secrets[PREFLIGHT],
        script=_SCRIPT,
        text=scripts(_SCRIPT)[_SCRIPT],
        told={
            "host": broker.host,
            "port": broker.port,
            "user": broker.user,
            "passwordFile": PASSWORD_FILE,
            "authority": authority_path(broker),
            "brokerDatabase": broker.broker_database,
            "resultDatabase": broker.result_database,
            "clients": clients(args.settings),
        },
    )


def clients(settings: PlatformSettings) -> int:
    """Connections that the largest stack of workers and its schedulers may hold."""
    queues = settings.workers.queues.values()
    return sum(queue.max_replicas * (queue.concurrency + _BESIDE_TASKS) for queue in queues) + _SCHEDULERS
