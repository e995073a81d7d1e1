from typing import Any

import pytest

from local.engine.providers.kubernetes.ready.verdict import Around, State
from local.engine.providers.kubernetes.ready.workloads import (
    daemon_set,
    deployment,
    pod,
    replica_set,
    stateful_set,
)
from tests.local.engine.providers.kubernetes.ready.shapes import (
    CRASHING_POD,
    NO_ROOM_POD,
    NOW,
    PULLING_POD,
    READY_POD,
    Obj,
)

EMPTY = Around(now=NOW)


def workload(spec: Obj, status: Obj, generation: int = 1) -> Obj:
    return {"metadata": {"name": "web", "generation": generation}, "spec": spec, "status": status}


# A Deployment of two replicas as it comes up, then is given a new image: the statuses in their order.
ROLLOUT: list[tuple[int, Obj, bool]] = [
    (1, {}, False),
    (1, {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "unavailableReplicas": 2}, False),
    (
        1,
        {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 1, "availableReplicas": 1},
        False,
    ),
    (
        1,
        {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2},
        True,
    ),
    (
        2,
        {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2},
        False,
    ),
    (
        2,
        {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 2},
        False,
    ),
    (
        2,
        {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2},
        False,
    ),
    (
        2,
        {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 3},
        False,
    ),
    (
        2,
        {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2},
        True,
    ),
]


@pytest.mark.parametrize(("generation", "status", "ready"), ROLLOUT)
def test_a_deployment_is_ready_when_all_is_new_and_available(generation: int, status: Obj, ready: bool) -> None:
    verdict = deployment(workload({"replicas": 2}, status, generation), EMPTY)
    assert (verdict.state is State.READY) is ready


def test_a_deployment_of_none_is_ready_once_seen() -> None:
    assert deployment(workload({"replicas": 0}, {"observedGeneration": 1}), EMPTY).state is State.READY


def test_a_paused_deployment_is_not_waited_for() -> None:
    assert deployment(workload({"replicas": 2, "paused": True}, {}), EMPTY).state is State.READY


def test_a_deployment_that_stopped_moving_failed() -> None:
    status = {
        "observedGeneration": 1,
        "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
    }
    verdict = deployment(workload({"replicas": 1}, status), EMPTY)
    assert verdict.state is State.FAILED
    assert verdict.line == "0 of 1 pods ready, and the rollout stopped moving"


def test_the_line_shows_troubled_pods_first_and_three_at_most() -> None:
    status = {"observedGeneration": 1, "replicas": 5, "updatedReplicas": 5, "availableReplicas": 1}
    around = Around(now=NOW, pods=(READY_POD, PULLING_POD, NO_ROOM_POD, CRASHING_POD, PULLING_POD))
    assert deployment(workload({"replicas": 5}, status), around).line == (
        "1 of 5 pods ready: web-2 CrashLoopBackOff (web), web-5 Unschedulable, web-3 pulling or creating web"
    )


def test_a_refusal_to_create_pods_is_shown() -> None:
    around = Around(now=NOW, refusals=('pods "web-1" is forbidden: violates PodSecurity',))
    status = {"observedGeneration": 1, "unavailableReplicas": 1}
    line = deployment(workload({"replicas": 1}, status), around).line
    assert line == '0 of 1 pods ready: pods "web-1" is forbidden: violates PodSecurity'


def sts(spec: Obj | None = None, generation: int = 1, **status: Any) -> Obj:
    revisions = {"currentRevision": "web-a", "updateRevision": "web-a"}
    return workload({"replicas": 2, **(spec or {})}, {"observedGeneration": 1, **revisions, **status}, generation)


ALL_UP: dict[str, Any] = {"replicas": 2, "readyReplicas": 2, "availableReplicas": 2}
NEW: dict[str, Any] = {"updateRevision": "web-b"}


@pytest.mark.parametrize(
    ("live", "ready"),
    [
        (sts(), False),
        (sts(replicas=1, readyReplicas=1, availableReplicas=1, updatedReplicas=1), False),
        (sts(**ALL_UP, updatedReplicas=2), True),
        (sts(**ALL_UP, updatedReplicas=2, generation=2), False),
        (sts(replicas=2, readyReplicas=2, availableReplicas=1, updatedReplicas=2), False),
        (sts(**ALL_UP, **NEW, updatedReplicas=1), False),
        (sts(**ALL_UP, **NEW, updatedReplicas=2), True),
        (sts({"updateStrategy": {"rollingUpdate": {"partition": 1}}}, **ALL_UP, **NEW, updatedReplicas=1), True),
        (sts({"updateStrategy": {"rollingUpdate": {"partition": 1}}}, **ALL_UP, **NEW), False),
        (sts({"updateStrategy": {"type": "OnDelete"}}, **ALL_UP, **NEW), True),
        (sts({"replicas": 1}, **ALL_UP, updatedReplicas=2), False),
        (sts({"replicas": 0}), True),
    ],
)
def test_a_stateful_set_is_ready_when_all_is_up_and_new(live: Obj, ready: bool) -> None:
    assert (stateful_set(live, EMPTY).state is State.READY) is ready


def test_a_stateful_set_tells_how_far_its_update_is() -> None:
    assert stateful_set(sts(**ALL_UP, **NEW, updatedReplicas=1), EMPTY).line == "1 of 2 pods on the new revision"


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        ({}, False),
        ({"observedGeneration": 1, "desiredNumberScheduled": 0}, True),
        ({"observedGeneration": 1, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1}, False),
        (
            {
                "observedGeneration": 1,
                "desiredNumberScheduled": 1,
                "updatedNumberScheduled": 1,
                "numberAvailable": 1,
            },
            True,
        ),
        ({"observedGeneration": 1, "desiredNumberScheduled": 1, "numberAvailable": 1}, False),
    ],
)
def test_a_daemon_set_is_ready_when_every_node_has_a_new_pod(status: Obj, ready: bool) -> None:
    assert (daemon_set(workload({}, status), EMPTY).state is State.READY) is ready


def test_a_replica_set_is_ready_when_all_are_available() -> None:
    status = {"observedGeneration": 1, "availableReplicas": 1}
    assert replica_set(workload({}, status), EMPTY).state is State.READY
    assert replica_set(workload({"replicas": 2}, status), EMPTY).state is State.WAITING


@pytest.mark.parametrize(
    ("live", "state"),
    [
        (READY_POD, State.READY),
        (PULLING_POD, State.WAITING),
        ({"metadata": {"name": "a"}, "status": {"phase": "Succeeded"}}, State.READY),
        ({"metadata": {"name": "a"}, "status": {"phase": "Failed"}}, State.FAILED),
    ],
)
def test_a_pod_is_ready_or_ended_well(live: Obj, state: State) -> None:
    assert pod(live, EMPTY).state is state


def test_progress_grows_while_pods_come_up() -> None:
    status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}
    live = workload({"replicas": 1}, status)
    before = deployment(live, Around(now=NOW, pods=(NO_ROOM_POD,))).progress
    assert deployment(live, Around(now=NOW, pods=(PULLING_POD,))).progress > before
