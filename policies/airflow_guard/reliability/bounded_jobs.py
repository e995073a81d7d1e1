"""Jobs end, and scheduled ones neither pile up nor run late for ever."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds
from ..node import Node
from ..options import Options


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Jobs without a deadline, CronJobs that may overlap or start at any later time."""
    spec = resource.props.at("spec")
    if resource.kind == "Job":
        yield from _deadline(spec)
        return
    yield from _deadline(spec.at("jobTemplate", "spec"))
    policy, start = spec.at("concurrencyPolicy"), spec.at("startingDeadlineSeconds")
    if policy.text not in {"Forbid", "Replace"}:
        yield Finding(what="may run beside itself", path=policy.path, mend="set concurrencyPolicy: Forbid")
    if start.number is None:
        yield Finding(
            what="stops for good after a hundred missed starts", path=start.path, mend="set startingDeadlineSeconds"
        )


def _deadline(spec: Node) -> Iterator[Finding]:
    deadline = spec.at("activeDeadlineSeconds")
    if not deadline.number:
        yield Finding(what="may run for ever", path=deadline.path, mend="set activeDeadlineSeconds")


RULE = ResourceRule(
    name="bounded-jobs",
    title="Jobs have a deadline, scheduled ones do not overlap",
    why="a migration that hangs holds up the deployment, and overlapping clean-ups fight for the same rows",
    mend="set activeDeadlineSeconds, and for a CronJob concurrencyPolicy and startingDeadlineSeconds",
    severity=Severity.LOW,
    references=("kube-score: cronjob-has-deadline", "Kubernetes: CronJob limitations"),
    applies=of_kinds("Job", "CronJob"),
    check=check,
)
