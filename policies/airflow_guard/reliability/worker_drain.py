"""A worker that is told to stop has the time to finish its longest task."""

import re
from collections.abc import Iterator

from ..kubernetes import Container, PodTemplate, pod_template
from ..model import Finding, Resource, ResourceRule, Severity, of_kinds
from ..node import NotKnownError
from ..options import Option, OptionKind, Options

ROLE_LABEL = "airflow-platform/role"
LONGEST_TASK_ANNOTATION = "airflow-platform/longest-task-seconds"
_WORKER_COMMAND = re.compile(r"\bcelery(\s+\S+)*?\s+worker\b")
_SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_EXEC = re.compile(r"\bexec\s[^;&|]*\bcelery\b")
_DEFAULT_GRACE = 30
_SLACK = "slackSeconds"


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Worker pods, and others that say that tasks run in them, that could be killed in the middle of a task."""
    pod = pod_template(resource)
    if not is_worker(resource) and pod.metadata.at("annotations", LONGEST_TASK_ANNOTATION).absent:
        return
    workers = [container for container in pod.long_running if _runs_worker(container)]
    yield from _grace(pod, options.integer(_SLACK))
    for container in workers or pod.long_running[:1]:
        hook = container.node.at("lifecycle", "preStop")
        if hook.empty and _behind_a_shell(container):
            yield Finding(
                what="runs the worker behind a shell, which does not hand on the signal to finish",
                path=hook.path,
                part=container.title,
                mend="start the worker itself, or with `exec`, or add a lifecycle.preStop hook that drains it",
            )


def is_worker(resource: Resource) -> bool:
    """Whether its pods are Celery workers: by their label, or by what they run."""
    pod = pod_template(resource)
    labelled = pod.metadata.at("labels", ROLE_LABEL).text == "worker"
    return labelled or any(_runs_worker(container) for container in pod.long_running)


def _runs_worker(container: Container) -> bool:
    try:
        return bool(_WORKER_COMMAND.search(" ".join(word.text for word in container.words)))
    except NotKnownError:
        return False  # the label decides


def _behind_a_shell(container: Container) -> bool:
    """A shell is the first process and stays it, so that the worker never hears that it should stop."""
    words = [word.text for word in container.words]
    shell = bool(words) and words[0].rpartition("/")[2] in _SHELLS
    return shell and not _EXEC.search(" ".join(words))


def _grace(pod: PodTemplate, slack: int) -> Iterator[Finding]:
    annotation = pod.metadata.at("annotations", LONGEST_TASK_ANNOTATION)
    text = annotation.text
    if not text.isdigit() or int(text) <= 0:
        shown = "nothing" if annotation.absent else repr(text)
        yield Finding(
            what=f"does not say how long its longest task runs ({shown})",
            path=annotation.path,
            mend=f"annotate the pod with {LONGEST_TASK_ANNOTATION}: a whole number of seconds",
        )
        return
    node = pod.spec.at("terminationGracePeriodSeconds")
    grace = _DEFAULT_GRACE if node.absent else node.number or 0
    needed = int(text) + slack
    if grace < needed:
        yield Finding(
            what=f"is killed {grace:.0f} s after it is asked to stop, its longest task runs {text} s",
            path=node.path,
            mend=f"set terminationGracePeriodSeconds to {needed} or more",
        )


RULE = ResourceRule(
    name="worker-drain",
    title="Workers get the time to finish their longest task before they are killed",
    why="a killed task is lost work: Airflow sees only a missing heartbeat and starts over, if retries are left",
    mend="derive terminationGracePeriodSeconds from the longest task, and let the signal reach the worker",
    severity=Severity.HIGH,
    references=("Kubernetes: termination of pods", "apache/airflow#26587", "apache/airflow#41163"),
    options=(
        Option(
            name=_SLACK,
            kind=OptionKind.INTEGER,
            default=0,
            description="Seconds that the grace period must leave on top of the longest task.",
        ),
    ),
    applies=of_kinds("Deployment", "StatefulSet", "ReplicaSet", "Pod"),
    check=check,
)
