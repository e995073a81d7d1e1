"""Rules about the workers of each queue and how they are scaled."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from settings.problems import Problem
from settings.scaling import ScalingProfile

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings


def workers(settings: "PlatformSettings") -> Iterator[Problem]:
    """Tasks that name no queue have workers, and no queue has fewer at most than at least."""
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


def scaling_bands(settings: "PlatformSettings") -> Iterator[Problem]:
    """Bands have a width, and something starts the first worker."""
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


WORKER_RULES = (workers, scaling_bands)
