"""Draining a node takes one pod of a workload at a time, and is never blocked."""

from collections.abc import Iterator
from functools import partial

from ..floors import autoscalers, floor_of
from ..kubernetes import pod_template
from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..node import Node
from ..options import RELAXED, Options
from ..selectors import Labels, Selector


def check(stack: Stack, options: Options) -> Iterator[Finding]:
    """Replicated workloads without a budget, and budgets that allow no disruption."""
    found = stack.of_kind("PodDisruptionBudget")
    budgets = [(budget, Selector(budget.props.at("spec", "selector"))) for budget in found]
    workloads = stack.of_kind("Deployment", "StatefulSet")
    judge = partial(_workload, budgets=budgets, scalers=autoscalers(stack), relaxed=options.texts(RELAXED.name))
    yield from each_resource(workloads, judge)


def _workload(
    workload: Resource, budgets: list[tuple[Resource, Selector]], scalers: list[Resource], relaxed: list[str]
) -> Iterator[Finding]:
    count = floor_of(workload, scalers).count
    labels = Labels(pod_template(workload).metadata.at("labels"))
    near = [(budget, selector) for budget, selector in budgets if budget.namespace == workload.namespace]
    covering = [budget for budget, selector in near if selector.picks(labels)]
    if count > 1 and not covering and workload.environment not in relaxed:
        yield Finding(what="has several pods and no PodDisruptionBudget", resource=workload)
    for budget in covering:
        yield from _blocking(budget, count)


def _blocking(budget: Resource, count: float) -> Iterator[Finding]:
    most, least = budget.props.at("spec", "maxUnavailable"), budget.props.at("spec", "minAvailable")
    if not most.absent and _amount(most, count) < 1:
        yield _finding(budget, most)
    if not least.absent and count > 0 and _amount(least, count) >= count:
        yield _finding(budget, least)


def _amount(node: Node, count: float) -> float:
    """A number of pods, also where it is given as a share of them."""
    share = node.text.removesuffix("%")
    if node.text.endswith("%") and share.isdigit():
        return count * int(share) / 100
    return node.number or 0


def _finding(budget: Resource, node: Node) -> Finding:
    return Finding(
        what="allows no disruption at all, so a node under it can never be drained",
        path=node.path,
        mend="set maxUnavailable: 1",
        resource=budget,
    )


RULE = StackRule(
    name="disruption-budgets",
    title="Replicated workloads have a disruption budget that leaves room for one",
    why="an upgrade of the nodes takes all replicas at once, or hangs for ever on one that may not go",
    mend="add a PodDisruptionBudget with maxUnavailable: 1",
    severity=Severity.MEDIUM,
    references=("Kubernetes: disruptions", "kube-score: pod-disruption-budget"),
    options=(RELAXED,),
    check=check,
)
