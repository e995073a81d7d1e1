"""What is wrong with a pod, told from its status alone. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from local.engine.providers.kubernetes.objects import (
    Obj,
    condition,
    dig,
    dig_int,
    dig_list,
    dig_text,
    is_true,
)

STEADY_SECONDS: Final = 30.0
"""A container that ran this long after a crash is no longer taken for crashing."""
SETTLE_SECONDS: Final = 3.0
"""A container without a readiness probe must run this long before it is believed."""

_STUCK = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "RunContainerError",
    }
)
_CRASH = "CrashLoopBackOff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing wrong with a pod.

    Attributes:
        pod: its name.
        container: the container, empty when it is the pod as a whole.
        reason: one word, such as `ImagePullBackOff` or `Unschedulable`.
        message: the cluster's sentence about it, or empty.
        restarts: of the container.
        exit_code: of its last end, or None when it never ran.
        stuck: will not mend by waiting a little.
        crashed: the container ended by itself and wrote logs before.
    """

    pod: str
    container: str = ""
    reason: str
    message: str = ""
    restarts: int = 0
    exit_code: int | None = None
    stuck: bool = False
    crashed: bool = False

    def __str__(self) -> str:
        parts = [f"container {self.container}: {self.reason}" if self.container else self.reason]
        if self.exit_code is not None:
            parts.append(f"last exit code {self.exit_code}")
        if self.restarts:
            parts.append(f"restarted {self.restarts} time{'s' if self.restarts > 1 else ''}")
        text = ", ".join(parts)
        return f"{text}: {self.message}" if self.message else text


def is_ready(pod: Obj) -> bool:
    """True when the pod serves."""
    return is_true(pod, "Ready") and not is_leaving(pod)


def is_settled(pod: Obj, now: datetime) -> bool:
    """False while the pod's readiness says nothing yet.

    Without a readiness probe a container counts as ready the moment it starts, even one that crashes at once. One that
    does not run any more has crashed since whoever called it ready looked. A pod that has ended or is leaving counts for
    nothing.
    """
    if is_leaving(pod) or dig_text(pod, "status", "phase") in {"Succeeded", "Failed"}:
        return True
    probed = {dig(one, "name") for one in dig_list(pod, "spec", "containers") if dig(one, "readinessProbe")}
    for status in dig_list(pod, "status", "containerStatuses"):
        if status.get("name") in probed:
            continue
        since = _seconds_since(dig_text(status, "state", "running", "startedAt"), now)
        crashed = dig_int(status, "lastState", "terminated", "exitCode") != 0
        if since is None or since < (STEADY_SECONDS if crashed else SETTLE_SECONDS):
            return False
    return True


def is_leaving(pod: Obj) -> bool:
    """True when the pod is being deleted."""
    return bool(dig(pod, "metadata", "deletionTimestamp"))


def pod_name(pod: Obj) -> str:
    """Its name."""
    return dig_text(pod, "metadata", "name")


def container_statuses(pod: Obj) -> list[Obj]:
    """The states of all its containers, init containers first."""
    return [
        *dig_list(pod, "status", "initContainerStatuses"),
        *dig_list(pod, "status", "containerStatuses"),
    ]


def started(pod: Obj) -> int:
    """How many steps of its start the pod has behind it; grows while it comes up."""
    steps = int(is_true(pod, "PodScheduled")) + int(is_ready(pod))
    for status in container_statuses(pod):
        finished = dig(status, "state", "terminated", "reason") == "Completed"
        steps += int(status.get("ready") is True or finished) + int(status.get("started") is True)
    return steps


def troubles(pod: Obj, now: datetime) -> list[Trouble]:
    """Everything wrong with a pod that is not leaving; empty while it merely starts."""
    if is_leaving(pod) or is_ready(pod) or dig(pod, "status", "phase") == "Succeeded":
        return []
    name = pod_name(pod)
    found = [
        trouble for status in container_statuses(pod) if (trouble := _container_trouble(name, status, now)) is not None
    ]
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") != "SchedulingGated":
        reason = dig_text(scheduled, "reason") or "not scheduled"
        found.append(Trouble(pod=name, reason=reason, message=dig_text(scheduled, "message")))
    if dig(pod, "status", "phase") == "Failed" and not found:
        reason = dig_text(pod, "status", "reason") or "Failed"
        found.append(Trouble(pod=name, reason=reason, message=dig_text(pod, "status", "message"), stuck=True))
    return found


def _container_trouble(pod: str, status: Obj, now: datetime) -> Trouble | None:
    container, restarts = dig_text(status, "name"), dig_int(status, "restartCount")
    last = dig(status, "lastState", "terminated")
    waiting = dig_text(status, "state", "waiting", "reason")
    if waiting == _CRASH or waiting in _STUCK:
        return Trouble(
            pod=pod,
            container=container,
            reason=waiting,
            message="" if waiting == _CRASH else _short(dig_text(status, "state", "waiting", "message")),
            restarts=restarts,
            exit_code=dig_int(last, "exitCode") if last else None,
            stuck=True,
            crashed=waiting == _CRASH,
        )
    ended = dig(status, "state", "terminated")
    if ended and dig_int(ended, "exitCode") != 0:
        return _crashed(pod, container, ended, restarts)
    if last and dig_int(last, "exitCode") != 0 and status.get("ready") is not True:
        since = _seconds_since(dig_text(status, "state", "running", "startedAt"), now)
        if since is None or since < STEADY_SECONDS:
            return _crashed(pod, container, last, restarts)
    return None


def _crashed(pod: str, container: str, ended: object, restarts: int) -> Trouble:
    return Trouble(
        pod=pod,
        container=container,
        reason=dig_text(ended, "reason") or "Error",
        message=_short(dig_text(ended, "message")),
        restarts=restarts,
        exit_code=dig_int(ended, "exitCode"),
        stuck=True,
        crashed=True,
    )


def describe(pod: Obj, now: datetime) -> str:
    """The pod in a few words, for a line of progress: `db-0 pulling or creating postgres`."""
    name = pod_name(pod)
    if is_leaving(pod):
        return f"{name} stopping"
    if is_ready(pod):
        return f"{name} ready"
    found = troubles(pod, now)
    if found:
        what = found[0]
        return f"{name} {what.reason}" + (f" ({what.container})" if what.container else "")
    return f"{name} {_stage(pod)}"


def _stage(pod: Obj) -> str:
    for status in dig_list(pod, "status", "initContainerStatuses"):
        if status.get("started") is not True and dig(status, "state", "running"):
            return f"running {dig_text(status, 'name')}"
        if dig(status, "state", "running") and status.get("ready") is not True:
            return f"running {dig_text(status, 'name')}"
    unready = [status for status in dig_list(pod, "status", "containerStatuses") if status.get("ready") is not True]
    for status in unready:
        if dig(status, "state", "running"):
            return f"waits for {dig_text(status, 'name')} to be ready"
    for status in unready:
        reason = dig_text(status, "state", "waiting", "reason")
        if reason and reason != "PodInitializing":
            return f"pulling or creating {dig_text(status, 'name')}"
    return "starting" if is_true(pod, "PodScheduled") else "pending"


def parse_time(text: str) -> datetime | None:
    """A moment as Kubernetes writes it, or None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds_since(text: str, now: datetime) -> float | None:
    moment = parse_time(text)
    return (now - moment).total_seconds() if moment else None


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= 300 else joined[:297] + "..."
