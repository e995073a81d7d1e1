"""Objects in the shapes that a real API server gives them."""

from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
Obj = dict[str, Any]


def conditions(**states: bool) -> list[Obj]:
    return [{"type": kind, "status": str(state)} for kind, state in states.items()]


def pod(name: str, *statuses: Obj, inits: tuple[Obj, ...] = (), phase: str = "Pending", **more: Any) -> Obj:
    ready = bool(statuses) and all(status.get("ready") for status in statuses)
    return {
        "kind": "Pod",
        "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": "2026-01-01T11:59:00Z"},
        "status": {
            "phase": phase,
            "conditions": conditions(PodScheduled=True, Ready=ready),
            "containerStatuses": list(statuses),
            "initContainerStatuses": list(inits),
            **more,
        },
    }


def container(name: str, state: Obj, *, ready: bool = False, restarts: int = 0, last: Obj | None = None) -> Obj:
    return {
        "name": name,
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


def running(since: str = "2026-01-01T11:59:50Z") -> Obj:
    return {"running": {"startedAt": since}}


def waiting(reason: str, message: str = "") -> Obj:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def ended(code: int, reason: str = "Error", message: str = "") -> Obj:
    return {"exitCode": code, "reason": reason, **({"message": message} if message else {})}


READY_POD = pod("web-1", container("web", running(), ready=True), phase="Running")
CRASHING_POD = pod(
    "web-2",
    container(
        "web", waiting("CrashLoopBackOff", "back-off 40s restarting failed container"), restarts=4, last=ended(1)
    ),
    phase="Running",
)
PULLING_POD = pod("web-3", container("web", waiting("ContainerCreating")))
NO_IMAGE_POD = pod("web-4", container("web", waiting("ImagePullBackOff", 'Back-off pulling image "nowhere/none:1"')))
NO_ROOM_POD = pod("web-5")
NO_ROOM_POD["status"]["conditions"] = [
    {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes are available: 1 Insufficient memory.",
    }
]
