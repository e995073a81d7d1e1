import pytest

from local.engine.providers.kubernetes.ready.pods import describe, is_ready, is_settled, parse_time, started, troubles
from tests.local.engine.providers.kubernetes.ready.shapes import (
    CRASHING_POD,
    NO_IMAGE_POD,
    NO_ROOM_POD,
    NOW,
    PULLING_POD,
    READY_POD,
    Obj,
    container,
    ended,
    pod,
    running,
    waiting,
)


def only(one: Obj) -> str:
    found = troubles(one, NOW)
    assert len(found) == 1
    return str(found[0])


def test_a_ready_pod_and_a_starting_one_are_in_no_trouble() -> None:
    assert is_ready(READY_POD)
    assert troubles(READY_POD, NOW) == []
    assert troubles(PULLING_POD, NOW) == []


def test_a_crash_loop_is_told_with_exit_code_and_restarts() -> None:
    assert only(CRASHING_POD) == "container web: CrashLoopBackOff, last exit code 1, restarted 4 times"
    trouble = troubles(CRASHING_POD, NOW)[0]
    assert trouble.stuck
    assert trouble.crashed


@pytest.mark.parametrize(
    "reason",
    ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError", "RunContainerError"],
)
def test_a_container_that_cannot_start_is_stuck_and_shows_why(reason: str) -> None:
    one = pod("a", container("web", waiting(reason, "because of\n this")))
    assert only(one) == f"container web: {reason}: because of this"
    assert troubles(one, NOW)[0].stuck
    assert not troubles(one, NOW)[0].crashed


def test_a_pod_without_a_place_waits_and_may_get_one() -> None:
    assert only(NO_ROOM_POD) == "Unschedulable: 0/1 nodes are available: 1 Insufficient memory."
    assert not troubles(NO_ROOM_POD, NOW)[0].stuck


def test_a_pod_that_a_gate_holds_is_in_no_trouble() -> None:
    one = pod("a")
    one["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    assert troubles(one, NOW) == []


def test_between_two_crashes_it_still_counts_as_crashing() -> None:
    just_started = container("web", running("2026-01-01T11:59:50Z"), restarts=2, last=ended(137, "OOMKilled"))
    assert only(pod("a", just_started)) == "container web: OOMKilled, last exit code 137, restarted 2 times"


def test_after_a_while_a_restarted_container_is_taken_for_slow_only() -> None:
    steady = container("web", running("2026-01-01T11:59:20Z"), restarts=1, last=ended(1))
    assert troubles(pod("a", steady), NOW) == []


def test_an_init_container_that_fails_is_found() -> None:
    init = container("migrate", waiting("CrashLoopBackOff"), restarts=1, last=ended(2))
    one = pod("a", container("web", waiting("PodInitializing")), inits=(init,))
    assert only(one) == "container migrate: CrashLoopBackOff, last exit code 2, restarted 1 time"


def test_an_ended_container_and_an_evicted_pod_are_told() -> None:
    assert only(pod("a", container("web", {"terminated": ended(3)}), phase="Failed")) == (
        "container web: Error, last exit code 3"
    )
    evicted = pod("a", phase="Failed", reason="Evicted", message="The node was low on resource: memory.")
    assert only(evicted) == "Evicted: The node was low on resource: memory."


def test_a_leaving_pod_is_nobodys_trouble() -> None:
    leaving = {**CRASHING_POD, "metadata": {"name": "a", "deletionTimestamp": "2026-01-01T12:00:00Z"}}
    assert troubles(leaving, NOW) == []
    assert describe(leaving, NOW) == "a stopping"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (READY_POD, "web-1 ready"),
        (CRASHING_POD, "web-2 CrashLoopBackOff (web)"),
        (PULLING_POD, "web-3 pulling or creating web"),
        (NO_ROOM_POD, "web-5 Unschedulable"),
        (pod("a"), "a starting"),
        (pod("a", container("web", running())), "a waits for web to be ready"),
        (
            pod("a", container("web", waiting("PodInitializing")), inits=(container("init", running()),)),
            "a running init",
        ),
    ],
)
def test_a_pod_in_a_few_words(one: Obj, words: str) -> None:
    assert describe(one, NOW) == words


def test_a_start_only_counts_upwards() -> None:
    stages = [
        NO_ROOM_POD,
        pod("a"),
        pod("a", container("web", {}), inits=(container("init", {"terminated": ended(0, "Completed")}),)),
        READY_POD,
    ]
    counts = [started(stage) for stage in stages]
    assert counts == sorted(counts)
    assert len(set(counts)) == len(counts)
    assert started(CRASHING_POD) < started(READY_POD)
    assert started(NO_IMAGE_POD) == started(PULLING_POD)


def test_a_moment_is_read_with_its_zone() -> None:
    moment = parse_time("2026-01-01T12:00:00Z")
    assert moment == NOW
    assert parse_time("") is None


def test_a_pod_without_a_readiness_probe_is_believed_after_a_moment() -> None:
    def one(since: str, last: Obj | None = None, *, probed: bool = False) -> Obj:
        made = pod("a", container("web", running(since), ready=True, last=last))
        made["spec"] = {"containers": [{"name": "web", **({"readinessProbe": {"exec": {}}} if probed else {})}]}
        return made

    assert not is_settled(one("2026-01-01T11:59:58Z"), NOW)
    assert is_settled(one("2026-01-01T11:59:58Z", probed=True), NOW)
    assert is_settled(one("2026-01-01T11:59:56Z"), NOW)
    assert not is_settled(one("2026-01-01T11:59:35Z", ended(1)), NOW)
    assert is_settled(one("2026-01-01T11:59:35Z", ended(0, "Completed")), NOW)
    assert is_settled(one("2026-01-01T11:59:29Z", ended(1)), NOW)


def test_a_pod_that_has_crashed_meanwhile_is_not_settled() -> None:
    made = pod("a", container("web", {"terminated": ended(1)}))
    made["spec"] = {"containers": [{"name": "web"}]}
    made["status"]["phase"] = "Running"
    assert not is_settled(made, NOW)
    evicted = {**made, "status": {**made["status"], "phase": "Failed"}}
    assert is_settled(evicted, NOW)
    leaving = {**made, "metadata": {**made["metadata"], "deletionTimestamp": "2026-01-01T11:59:59Z"}}
    assert is_settled(leaving, NOW)
