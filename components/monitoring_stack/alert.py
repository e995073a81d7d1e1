"""What an alert is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

RUNBOOKS = "docs/runbooks"


class Severity(StrEnum):
    """How soon somebody must look; each has a receiver of its own."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule.

    Attributes:
        name: in CamelCase; its runbook is `docs/runbooks/<name>.md`.
        expr: PromQL; fires for every series that it returns. `$certificates_end` stands for the second in which the
            stack's certificates end.
        hold: how long it must hold, as Prometheus writes durations.
        severity: how soon somebody must look.
        component: which component it is about.
        summary: one line, may use labels.
        of_backups: only where there are any.
        of_declared: only where the stack declares objects inside Airflow.
        of_bundles: only where DAGs come from Git.
        of_workers: only where Celery workers, and a broker, run the tasks.
        of_waiting: only where tasks wait outside of the scheduler, for a worker or for a pod of their own.
        of_standby: only in a stack that follows another one's archive, which has nothing to say about Airflow.
        everywhere: there as well.
    """

    name: str
    expr: str
    hold: str
    severity: Severity
    component: str
    summary: str
    of_backups: bool = False
    of_declared: bool = False
    of_bundles: bool = False
    of_workers: bool = False
    of_waiting: bool = False
    of_standby: bool = False
    everywhere: bool = False

    def rule(self, environment: str) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.hold,
            "labels": {"severity": self.severity.value, "component": self.component, "environment": environment},
            "annotations": {"summary": self.summary, "runbook": f"{RUNBOOKS}/{self.name}.md"},
        }
