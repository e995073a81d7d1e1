"""Which rule belongs to which kind.

Kinds without a rule are ready once the API server has them. An Ingress is one of these: whether a controller
gives it an address, and what that means, differs from cluster to cluster.
"""

from collections.abc import Callable
from dataclasses import dataclass

from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.objects import Obj
from local.engine.providers.kubernetes.ready import others, surroundings, workloads
from local.engine.providers.kubernetes.ready.verdict import Around, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one kind becomes ready.

    Attributes:
        assess: the pure rule.
        gather: fetches what it looks at.
        counts_crashes: the kind itself decides how many crashes are too many (a Job's backoffLimit).
        settles: its pods must stay up for a moment before they are believed to be ready.
    """

    assess: Callable[[Obj, Around], Verdict]
    gather: surroundings.Gather = surroundings.nothing
    counts_crashes: bool = False
    settles: bool = False


_RULES = {
    ("", "Namespace"): Rule(assess=others.namespace),
    ("", "PersistentVolume"): Rule(assess=others.volume),
    ("", "PersistentVolumeClaim"): Rule(assess=others.claim, gather=surroundings.of_claim),
    ("", "Pod"): Rule(assess=workloads.pod, gather=surroundings.of_pod, settles=True),
    ("", "Service"): Rule(assess=others.service, gather=surroundings.of_service),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Rule(assess=others.definition),
    ("apps", "DaemonSet"): Rule(assess=workloads.daemon_set, gather=surroundings.of_controller, settles=True),
    ("apps", "Deployment"): Rule(assess=workloads.deployment, gather=surroundings.of_deployment, settles=True),
    ("apps", "ReplicaSet"): Rule(assess=workloads.replica_set, gather=surroundings.of_controller, settles=True),
    ("apps", "StatefulSet"): Rule(assess=workloads.stateful_set, gather=surroundings.of_stateful_set, settles=True),
    ("batch", "Job"): Rule(assess=others.job, gather=surroundings.of_controller, counts_crashes=True),
}


def rule_for(kind: Kind) -> Rule | None:
    """The rule of a kind, or None when there is nothing to wait for."""
    return _RULES.get((kind.group, kind.name))
