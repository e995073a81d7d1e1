"""What production cannot do without runs more than once."""

from collections.abc import Iterator
from functools import partial

from ..floors import autoscalers, floor_of
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..options import Option, OptionKind, Options

NAME_LABEL = "app.kubernetes.io/name"
_FLOORS = "floors"
_RELAXED = Option(
    name="relaxedEnvironments",
    kind=OptionKind.TEXTS,
    default=["dev", "staging"],
    description="Environments where one replica may do.",
)


def check(stack: Stack, options: Options) -> Iterator[Finding]:
    """Workloads with fewer replicas than their floor."""
    scalers = autoscalers(stack)
    workloads = stack.of_kind("Deployment", "StatefulSet")
    yield from each_resource(workloads, partial(_workload, scalers=scalers, options=options))


def _workload(workload: Resource, scalers: list[Resource], options: Options) -> Iterator[Finding]:
    if workload.environment in options.texts(_RELAXED.name):
        return
    floor = options.integers(_FLOORS).get(workload.label(NAME_LABEL), 0)
    if not floor:
        return
    kept = floor_of(workload, scalers)
    if kept.count < floor:
        plural = "" if kept.count == 1 else "s"
        yield Finding(
            what=f"keeps {kept.count:.0f} replica{plural}, {workload.environment or 'this stack'} needs {floor}",
            path=kept.node.path,
            mend=f"set {kept.node.path} to {floor} or more",
            resource=kept.resource,
        )


RULE = StackRule(
    name="replica-floors",
    title="What production cannot do without runs more than once",
    why="with one scheduler, api-server or database a single lost node stops every DAG",
    mend="raise replicas, or the minimum of the autoscaler",
    severity=Severity.HIGH,
    references=("NSA/CISA Kubernetes Hardening Guide: availability", "kube-score: deployment-replicas"),
    options=(
        Option(
            name=_FLOORS,
            kind=OptionKind.INTEGERS,
            default={
                "scheduler": 2,
                "api-server": 2,
                "api-core": 2,
                "api-execution": 2,
                "dag-processor": 2,
                "triggerer": 2,
                "pgbouncer": 2,
                "postgres-pooler": 2,
                "postgres": 3,
                "valkey-sentinel": 3,
            },
            description=f"Replicas by the label {NAME_LABEL}.",
        ),
        _RELAXED,
    ),
    check=check,
)
