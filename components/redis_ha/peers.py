"""Which ports the broker serves and whom its parts talk to."""

from components.contract import names
from components.contract.peers import Need, Port, Workload
from components.redis_ha import external
from components.redis_ha.names import EXPORTER_PORT, has_sentinels
from components.redis_ha.secrets import EXPORTER_TARGET
from settings.platform_settings import PlatformSettings
from settings.redis import RedisMode

_VALKEY = Need(workload=names.VALKEY, port="valkey")
_SENTINEL = Need(workload=names.SENTINEL, port="sentinel")


def workloads(settings: PlatformSettings) -> tuple[Workload, ...]:
    """Valkey, and with mode `sentinel` the Sentinels: then each asks all the others. Neither with `external` or without workers."""
    if not settings.airflow.executor.has_workers:
        return ()
    if settings.redis.mode is RedisMode.EXTERNAL:
        return external.workloads(settings)
    replicated = has_sentinels(settings)
    valkey = Workload(
        name=names.VALKEY,
        namespace=settings.namespaces.data,
        ports=(
            Port(name="valkey", number=names.VALKEY_PORT),
            Port(name="metrics", number=EXPORTER_PORT, scrape_path="/scrape", scrape_query=_questions(settings)),
        ),
        needs=(_VALKEY, _SENTINEL) if replicated else (),
    )
    if not replicated:
        return (valkey,)
    sentinel = Workload(
        name=names.SENTINEL,
        namespace=settings.namespaces.data,
        ports=(Port(name="sentinel", number=names.SENTINEL_PORT),),
        needs=(_VALKEY, _SENTINEL),
    )
    return (valkey, sentinel)


def _questions(settings: PlatformSettings) -> tuple[tuple[str, str], ...]:
    """For the metrics of this node and the length of every queue, whose names the exporter itself does not know."""
    queues = ",".join(f"db0={queue}" for queue in sorted(settings.workers.queues))
    return (("target", EXPORTER_TARGET), ("check-single-keys", queues))
