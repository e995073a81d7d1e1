"""Deployments, StatefulSets, DaemonSets, ReplicaSets and bare pods: rolled out and serving. Pure."""

from local.engine.providers.kubernetes.objects import (
    Obj,
    condition,
    dig,
    dig_int,
    dig_text,
)
from local.engine.providers.kubernetes.ready.pods import describe, is_ready, pod_name, started, troubles
from local.engine.providers.kubernetes.ready.verdict import READY, Around, State, Verdict

_NAMED_PODS = 3


def deployment(live: Obj, around: Around) -> Verdict:
    """Rolled out: seen by the controller, all replicas new and available, no old one left."""
    if dig(live, "spec", "paused") is True:
        return READY
    if _is_unseen(live):
        return _unseen()
    progressing = condition(live, "Progressing")
    wanted = dig_int(live, "spec", "replicas", default=1)
    updated, available = _count(live, "updatedReplicas"), _count(live, "availableReplicas")
    left = _count(live, "replicas") - updated
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Verdict(State.FAILED, f"{available} of {wanted} pods ready, and the rollout stopped moving")
    if updated >= wanted and available >= updated and left <= 0:
        return READY
    if updated >= wanted and available >= updated:
        return _waiting(f"{left} old pod{'s' if left > 1 else ''} still to stop", around, wanted)
    return _rolling(min(available, updated), wanted, around)


def stateful_set(live: Obj, around: Around) -> Verdict:
    """All replicas ready, and those that the update strategy covers on the new revision."""
    if _is_unseen(live):
        return _unseen()
    wanted = dig_int(live, "spec", "replicas", default=1)
    ready = min(_count(live, "readyReplicas"), _count(live, "availableReplicas"))
    updated = _count(live, "updatedReplicas")
    if dig(live, "spec", "updateStrategy", "type") == "OnDelete":
        due = 0
    else:
        due = max(0, wanted - dig_int(live, "spec", "updateStrategy", "rollingUpdate", "partition"))
    current = dig_text(live, "status", "currentRevision") == dig_text(live, "status", "updateRevision")
    # The status keeps both revisions apart until the last pod of a full update is there.
    done = current or updated >= due
    if ready >= wanted and done and _count(live, "replicas") <= wanted:
        return READY
    if ready >= wanted and not done:
        return _waiting(f"{updated} of {due} pods on the new revision", around, wanted)
    return _rolling(ready, wanted, around)


def daemon_set(live: Obj, around: Around) -> Verdict:
    """Every node that should run a pod runs a new, available one."""
    if _is_unseen(live):
        return _unseen()
    wanted = _count(live, "desiredNumberScheduled")
    on_delete = dig(live, "spec", "updateStrategy", "type") == "OnDelete"
    updated = wanted if on_delete else _count(live, "updatedNumberScheduled")
    available = _count(live, "numberAvailable")
    if updated >= wanted and available >= wanted:
        return READY
    return _rolling(min(updated, available), wanted, around)


def replica_set(live: Obj, around: Around) -> Verdict:
    """All replicas available."""
    if _is_unseen(live):
        return _unseen()
    wanted, available = dig_int(live, "spec", "replicas", default=1), _count(live, "availableReplicas")
    return READY if available >= wanted else _rolling(available, wanted, around)


def pod(live: Obj, around: Around) -> Verdict:
    """Ready, or ended well."""
    phase = dig_text(live, "status", "phase")
    if is_ready(live) or phase == "Succeeded":
        return READY
    line = describe(live, around.now)
    if phase == "Failed":
        return Verdict(State.FAILED, line)
    return Verdict(State.WAITING, line, (started(live),))


def _count(live: Obj, field: str) -> int:
    return dig_int(live, "status", field)


def _is_unseen(live: Obj) -> bool:
    return dig_int(live, "status", "observedGeneration") < dig_int(live, "metadata", "generation")


def _unseen() -> Verdict:
    return Verdict(State.WAITING, "not yet seen by its controller")


def _rolling(ready: int, wanted: int, around: Around) -> Verdict:
    return _waiting(f"{ready} of {wanted} pods ready", around, ready)


def _waiting(count: str, around: Around, ready: int) -> Verdict:
    unready = [one for one in around.pods if not is_ready(one)]
    # Pods that are in trouble first: they are what the reader looks for.
    unready.sort(key=lambda one: (not troubles(one, around.now), pod_name(one)))
    notes = [describe(one, around.now) for one in unready[:_NAMED_PODS]]
    if not around.pods and around.refusals:
        notes.append(around.refusals[0])
    line = f"{count}: {', '.join(notes)}" if notes else count
    # Names of pods do not count as progress: a controller may replace failing pods for ever.
    moved = sum(started(one) for one in around.pods)
    return Verdict(State.WAITING, line, (ready, moved))
