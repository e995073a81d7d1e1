"""Namespaces, quotas, limits and priorities as plain objects."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from components.foundation.quota import Quota

DEFAULT_REQUESTS: Mapping[str, str] = {"cpu": "20m", "memory": "64Mi"}
DEFAULT_LIMITS: Mapping[str, str] = {"memory": "256Mi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """A priority class.

    Attributes:
        role: attribute of `PriorityClasses`.
        value: higher stays longer.
        preempts: whether its pods may push lower ones off a full node.
        description: for who reads it in the cluster.
    """

    role: str
    value: int
    preempts: bool
    description: str


PRIORITIES = (
    Priority(
        role="data", value=1_000_000, preempts=True, description="Database, pooler and broker: all else needs them"
    ),
    Priority(role="control", value=900_000, preempts=True, description="Airflow's own processes"),
    Priority(role="edge", value=800_000, preempts=True, description="The edge and monitoring"),
    Priority(role="workers", value=100_000, preempts=False, description="Celery workers, whose tasks can run again"),
)


def pod_security_labels() -> dict[str, str]:
    """Labels that make a namespace refuse every pod below level `restricted`."""
    return {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def resource_quota(quota: Quota) -> k8s.core.v1.ResourceQuotaSpecArgs:
    """The ceiling of a namespace."""
    return k8s.core.v1.ResourceQuotaSpecArgs(hard=quota.hard())


def limit_range() -> k8s.core.v1.LimitRangeSpecArgs:
    """What a container gets that states nothing, so that the quota can count it."""
    return k8s.core.v1.LimitRangeSpecArgs(
        limits=[
            k8s.core.v1.LimitRangeItemArgs(type="Container", default_request=DEFAULT_REQUESTS, default=DEFAULT_LIMITS)
        ]
    )
