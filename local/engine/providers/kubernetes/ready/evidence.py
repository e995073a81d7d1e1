"""Why an object did not come up: states of its pods, last log lines, last events. Fetching and rendering apart."""

import re
from dataclasses import dataclass
from datetime import datetime

from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.errors import ApiError, UnreachableError
from local.engine.providers.kubernetes.objects import Obj, dig, dig_int, dig_text
from local.engine.providers.kubernetes.ready.pods import (
    Trouble,
    container_statuses,
    describe,
    is_leaving,
    is_ready,
    parse_time,
    pod_name,
    troubles,
)
from local.engine.providers.kubernetes.ready.surroundings import EVENT, event_time
from local.engine.providers.kubernetes.ready.verdict import Around

LOG_LINES = 20
_SHOWN_PODS = 3
_SHOWN_EVENTS = 8
_LONGEST_LINE = 400
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")

LogKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PodEvidence:
    """One pod that is not well.

    Attributes:
        name: the pod.
        state: it in a few words.
        problems: what is wrong.
        logs: title (`postgres, previous run`) and text per container.
    """

    name: str
    state: str
    problems: tuple[Trouble, ...] = ()
    logs: tuple[tuple[str, str], ...] = ()


def render(heading: str, pods: list[PodEvidence], events: list[Obj], now: datetime) -> str:
    """The message of a failed wait."""
    lines = [heading]
    for pod in pods:
        lines.append(f"  Pod {pod.name}: {'; '.join(map(str, pod.problems)) if pod.problems else pod.state}")
        for title, text in pod.logs:
            lines.append(f"    last log lines of {title}:")
            lines += [f"      {line}" for line in tidy(text)] or ["      (nothing written)"]
    if events:
        lines.append("  Last events:")
        lines += [f"    {_event_line(event, now)}" for event in events]
    return "\n".join(lines)


def tidy(text: str) -> list[str]:
    """The last lines of a log without control characters and without end."""
    lines = [_ESCAPES.sub("", line).rstrip() for line in text.splitlines()]
    kept = [line for line in lines if line][-LOG_LINES:]
    return [line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 3] + "..." for line in kept]


def _event_line(event: Obj, now: datetime) -> str:
    seen = parse_time(event_time(event))
    age = f"{max(0, int((now - seen).total_seconds()))} s ago" if seen else "?"
    about = f"{dig_text(event, 'involvedObject', 'kind')} {dig_text(event, 'involvedObject', 'name')}"
    times = max(dig_int(event, "count"), dig_int(event, "series", "count"))
    repeated = f" (x{times})" if times > 1 else ""
    message = " ".join(dig_text(event, "message").split())
    return f"{age}, {dig_text(event, 'type')} {dig_text(event, 'reason')}, {about}{repeated}: {message}"


def bad_pods(around: Around) -> list[Obj]:
    """The pods worth showing: in trouble first, then merely unready, current revision before older ones."""
    unready = [
        pod
        for pod in (*around.pods, *around.stale_pods)
        if not is_ready(pod) and not is_leaving(pod) and dig(pod, "status", "phase") != "Succeeded"
    ]
    # Of several failed tries of a Job the last one tells most.
    unready.sort(key=lambda pod: dig_text(pod, "metadata", "creationTimestamp"), reverse=True)
    unready.sort(key=lambda pod: not troubles(pod, around.now))
    return unready[:_SHOWN_PODS]


class LogKeeper:
    """Remembers the last words of crashing containers, for pods that are removed before anyone asks."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._kept: dict[LogKey, tuple[int, Obj, str]] = {}

    def look(self, namespace: str, around: Around) -> None:
        """Keep the logs of containers that ended badly since the last look."""
        for pod in around.pods:
            for trouble in troubles(pod, around.now):
                key = (trouble.pod, trouble.container)
                if not trouble.crashed or (key in self._kept and self._kept[key][0] == trouble.restarts):
                    continue
                text = _last_words(self._cluster, namespace, trouble, pod)
                if text:
                    self._kept[key] = (trouble.restarts, pod, text)

    def evidence(self, namespace: str, around: Around) -> list[PodEvidence]:
        """What is known of the bad pods: those still there, else those remembered."""
        pods = bad_pods(around)
        if pods:
            return [self._of_pod(namespace, pod, around) for pod in pods]
        return [
            PodEvidence(name=name, state="ended badly before", logs=((container, text),))
            for (name, container), (_, _, text) in list(self._kept.items())[-1:]
        ]

    def _of_pod(self, namespace: str, pod: Obj, around: Around) -> PodEvidence:
        found = tuple(troubles(pod, around.now))
        logs: list[tuple[str, str]] = []
        for container in _speaking_containers(pod, found):
            logs += self._logs(namespace, pod_name(pod), container)
        return PodEvidence(name=pod_name(pod), state=describe(pod, around.now), problems=found, logs=tuple(logs))

    def _logs(self, namespace: str, pod: str, container: Obj) -> list[tuple[str, str]]:
        name, found = dig_text(container, "name"), list[tuple[str, str]]()
        if dig_int(container, "restartCount") > 0:
            previous = _fetch(self._cluster, namespace, pod, name, previous=True)
            if previous:
                found.append((f"{name} (previous run)", previous))
        current = _fetch(self._cluster, namespace, pod, name, previous=False)
        if current and (not found or current != found[0][1]):
            found.append((name, current))
        if not found and (pod, name) in self._kept:
            found.append((f"{name} (earlier run)", self._kept[pod, name][2]))
        return found


def _speaking_containers(pod: Obj, found: tuple[Trouble, ...]) -> list[Obj]:
    named = {trouble.container for trouble in found if trouble.container}
    statuses = [status for status in container_statuses(pod) if status.get("ready") is not True]
    ran = [
        status
        for status in statuses
        if dig(status, "state", "running") or dig(status, "state", "terminated") or status.get("lastState")
    ]
    wrong = [status for status in ran if status.get("name") in named]
    finished = "Completed"
    return wrong or [one for one in ran if dig(one, "state", "terminated", "reason") != finished]


def _last_words(cluster: Cluster, namespace: str, trouble: Trouble, pod: Obj) -> str:
    for status in container_statuses(pod):
        if status.get("name") == trouble.container:
            previous = not dig(status, "state", "terminated")
            return _fetch(cluster, namespace, trouble.pod, trouble.container, previous=previous)
    return ""


def _fetch(cluster: Cluster, namespace: str, pod: str, container: str, *, previous: bool) -> str:
    try:
        text = cluster.logs(namespace, pod, container, previous=previous, lines=LOG_LINES)
    except (ApiError, UnreachableError):
        return ""
    # The kubelet says so in the place of a log that is gone.
    return "" if text.startswith("unable to retrieve container logs") else text


def fetch_events(cluster: Cluster, live: Obj, around: Around) -> list[Obj]:
    """The last events of the object, of what it owns and of its bad pods, oldest first."""
    namespace = dig_text(live, "metadata", "namespace")
    name = dig_text(live, "metadata", "name")
    names = {pod_name(pod) for pod in bad_pods(around)}
    try:
        events = cluster.list(EVENT, namespace or "default")
    except (ApiError, UnreachableError):
        return []
    own = [event for event in events if _concerns(event, live, name, names)]
    own.sort(key=lambda event: (dig_text(event, "type") == "Warning", event_time(event)))
    return sorted(own[-_SHOWN_EVENTS:], key=event_time)


def _concerns(event: Obj, live: Obj, name: str, pods: set[str]) -> bool:
    about = dig_text(event, "involvedObject", "name")
    kind = dig_text(event, "involvedObject", "kind")
    if about == name and kind == dig_text(live, "kind"):
        return True
    if kind == "Pod":
        return about in pods
    # ReplicaSets of a Deployment and claims of a StatefulSet carry its name inside theirs.
    if kind == "ReplicaSet":
        return about.startswith(f"{name}-") and dig_text(event, "type") == "Warning"
    return kind == "PersistentVolumeClaim" and any(about.endswith(f"-{pod}") for pod in pods)
