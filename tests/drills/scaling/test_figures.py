"""Which pods were taken with which tasks, what of it was too early, and who should have gone first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drills.scaling.figures import ONE_STEP_SECONDS, Work, Worker, idle_for, passed_over, scale_ins, tasks_of

TOLERANCE = 7.0


def worker(
    name: str, *, ready: float | None = 10.0, told: float | None = None, gone: float | None = None, created: float = 0.0
) -> Worker:
    return Worker(name=name, address=f"ip-{name}", created=created, ready=ready, told=told, gone=gone)


def work(pod: str, begun: float, ended: float) -> Work:
    return Work(f"{pod}-{begun}", f"ip-{pod}", begun, ended)


def test_an_address_that_was_given_out_again_is_told_by_the_time() -> None:
    first, second = worker("a", gone=50.0), worker("a", created=60.0)
    early, late = work("a", 20.0, 30.0), work("a", 70.0, 80.0)
    assert tasks_of(first, [early, late]) == [early]
    assert tasks_of(second, [early, late]) == [late]
    assert tasks_of(worker("b"), [early, late]) == []


def test_a_pod_is_idle_since_its_last_task_or_since_it_consumes() -> None:
    one = worker("a", ready=10.0)
    assert idle_for(one, [], 25.0) == 15.0
    assert idle_for(one, [work("a", 11.0, 20.0), work("a", 12.0, 18.0)], 25.0) == 5.0
    assert idle_for(one, [work("a", 11.0, 20.0)], 20.0) == 0.0
    assert idle_for(one, [work("a", 30.0, 40.0)], 25.0) == 15.0, "a task that comes later makes nobody busy now"


def test_a_pod_is_not_idle_while_it_works_starts_or_is_gone() -> None:
    assert idle_for(worker("a"), [work("a", 11.0, 30.0)], 25.0) is None
    assert idle_for(worker("a", ready=None), [], 25.0) is None
    assert idle_for(worker("a", ready=26.0), [], 25.0) is None
    assert idle_for(worker("a", gone=20.0), [], 25.0) is None


def test_whoever_was_idle_and_left_was_passed_over() -> None:
    pods = [worker("idle"), worker("busy"), worker("fresh", ready=95.0), worker("just-idle")]
    tasks = [work("busy", 20.0, 200.0), work("just-idle", 20.0, 98.0)]
    assert passed_over(100.0, pods, tasks, tolerance=TOLERANCE) == ("idle",)


@pytest.mark.parametrize(("told", "expected"), [(100.0 + ONE_STEP_SECONDS, ()), (100.1 + ONE_STEP_SECONDS, ("idle",))])
def test_what_goes_in_the_same_step_was_not_passed_over(told: float, expected: tuple[str, ...]) -> None:
    assert passed_over(100.0, [worker("idle", told=told)], [], tolerance=TOLERANCE) == expected


def test_a_busy_pod_and_its_times() -> None:
    pods = [worker("a", told=100.0, gone=165.0), worker("b")]
    tasks = [work("a", 60.0, 160.0), work("a", 80.0, 150.0), work("a", 20.0, 90.0), work("b", 30.0, 300.0)]
    (taken,) = scale_ins(pods, tasks, tolerance=TOLERANCE)
    assert (taken.worker, taken.tasks, taken.later, taken.busy_for) == ("a", 2, 0, 40.0)
    assert (taken.remaining, taken.freed, taken.over) == (60.0, 65.0, 5.0)
    assert taken.ratio == pytest.approx(65 / 60)
    assert taken.passed_over == ()


def test_a_task_that_begins_after_the_stop_is_waited_for_and_named() -> None:
    (taken,) = scale_ins(
        [worker("a", told=100.0, gone=215.0)], [work("a", 60.0, 160.0), work("a", 101.0, 210.0)], tolerance=TOLERANCE
    )
    assert (taken.tasks, taken.later, taken.remaining, taken.over) == (1, 1, 110.0, 5.0)


def test_an_idle_pod_passes_nobody_over() -> None:
    pods = [worker("a", told=100.0, gone=104.0), worker("other")]
    (taken,) = scale_ins(pods, [work("a", 60.0, 99.0)], tolerance=TOLERANCE)
    assert (taken.tasks, taken.remaining, taken.freed, taken.passed_over) == (0, 0.0, 4.0, ())


@pytest.mark.parametrize(("begun", "expected"), [(94.0, ()), (92.0, ("idle",))])
def test_a_task_that_nobody_could_know_of_yet_makes_no_busy_pod(begun: float, expected: tuple[str, ...]) -> None:
    pods = [worker("a", told=100.0, gone=170.0), worker("idle")]
    (taken,) = scale_ins(pods, [work("a", begun, 160.0)], tolerance=TOLERANCE)
    assert taken.tasks == 1
    assert taken.passed_over == expected


def test_pods_that_are_there_yet_or_went_by_themselves_are_no_scale_ins() -> None:
    pods = [worker("a"), worker("b", told=100.0), worker("c", gone=50.0)]
    assert scale_ins(pods, [], tolerance=TOLERANCE) == []


spans = st.tuples(st.sampled_from("abc"), st.integers(0, 300).map(float), st.integers(1, 200).map(float))


@given(st.lists(spans, max_size=12), st.integers(20, 300).map(float))
def test_at_any_time_a_pod_is_either_idle_or_has_a_task(found: list[tuple[str, float, float]], at: float) -> None:
    tasks = [work(pod, begun, begun + length) for pod, begun, length in found]
    for name in "abc":
        runs = any(one.address == f"ip-{name}" and one.begun <= at < one.ended for one in tasks)
        idle = idle_for(worker(name), tasks, at)
        assert (idle is None) == runs
        assert idle is None or 0 <= idle <= at - 10
