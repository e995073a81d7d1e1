"""The simulated fleet loses nothing, counts honestly, and the rules do what their names say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from capacity import rules
from capacity.fleet import Fleet, Phase
from capacity.rules import Load, Victims
from capacity.simulation import START_SECONDS, run
from capacity.traces import Task, Trace, generated
from settings.airflow import QueueSettings
from settings.scaling import ScalingProfile, ScalingSettings

QUEUE = QueueSettings(longest_task_seconds=7200)

tasks = st.lists(
    st.builds(Task, arrival=st.floats(0, 3000), duration=st.floats(1, 4000)), min_size=1, max_size=120
).map(lambda found: tuple(sorted(found, key=lambda task: task.arrival)))


def queue(profile: ScalingProfile, **scaling: int) -> QueueSettings:
    return QueueSettings(
        min_replicas=1,
        max_replicas=5,
        concurrency=2,
        longest_task_seconds=4000,
        scaling=ScalingSettings.model_validate({"profile": profile, **scaling}),
    )


@given(tasks=tasks, profile=st.sampled_from(list(ScalingProfile)))
@settings(deadline=None, max_examples=40)
def test_every_task_runs_once_and_none_is_killed(tasks: tuple[Task, ...], profile: ScalingProfile) -> None:
    outcome = run(Trace("any", tasks), rules.of_queue(queue(profile)))
    assert len(outcome.waits) == len(tasks)
    assert outcome.killed == 0
    assert min(outcome.waits) >= 0
    assert outcome.pod_seconds >= sum(task.duration for task in tasks) / 2 - 1e-3, "two tasks share a pod at most"


def test_a_grace_shorter_than_a_task_kills_it_and_it_runs_again() -> None:
    # Long and short tasks share the pods; when the short ones are done, the shrink takes pods with long ones.
    mixed = tuple(Task(arrival=1.0, duration=3000.0 if number % 2 else 300.0) for number in range(10))
    trace = Trace("mixed", mixed)
    outcome = run(trace, rules.chart(queue(ScalingProfile.DEMAND)))
    assert outcome.killed > 0
    assert len(outcome.waits) == len(trace.tasks) + outcome.killed


def test_a_new_pod_takes_tasks_only_after_its_start() -> None:
    trace = Trace("burst", tuple(Task(arrival=1.0, duration=600.0) for _ in range(5)))
    outcome = run(trace, rules.of_queue(queue(ScalingProfile.DEMAND, queued_up=2, queued_down=1)))
    assert sorted(outcome.waits)[:2] == [0.0, 0.0]
    assert all(START_SECONDS <= wait <= START_SECONDS + 15 for wait in sorted(outcome.waits)[2:])


def test_a_replica_set_takes_idle_pods_and_a_stateful_set_the_last() -> None:
    def fleet() -> Fleet:
        made = Fleet(concurrency=2)
        for number in range(3):
            pod = made.add(float(number))
            pod.phase = Phase.READY
        made.pods[3].running[1] = 10.0
        made.pods[1].running[2] = 90.0
        return made

    assert [pod.ordinal for pod in fleet().drain(2, Victims.LOWEST_COST, 100.0, 60.0)] == [2, 1]
    assert [pod.ordinal for pod in fleet().drain(2, Victims.HIGHEST_ORDINAL, 100.0, 60.0)] == [3, 2]


def load(**changed: float) -> Load:
    calm = {"queued": 0, "running": 40, "oldest_queued_seconds": 0.0, "replicas": 10, "cpu": 0.1, "memory": 0.1}
    return Load(**{**calm, **changed})  # pyright: ignore[reportArgumentType]


def test_demand_holds_between_the_bands_and_follows_the_need_outside() -> None:
    wanted = rules.of_queue(QUEUE).wanted
    assert wanted(load()) == 3
    assert wanted(load(queued=30)) == 10, "between the thresholds nothing changes"
    assert wanted(load(oldest_queued_seconds=20)) == 10
    assert wanted(load(cpu=0.5)) == 10
    assert wanted(load(memory=0.6)) == 10
    assert wanted(load(queued=500)) == 34
    assert wanted(load(cpu=0.8)) == 11, "a reason to grow means one more at least"
    assert wanted(load(queued=1, oldest_queued_seconds=31)) == 11
    assert wanted(load(queued=1, running=0, replicas=0)) == 1, "from zero pods the first task is reason enough"


def test_literal_takes_a_quarter_and_knows_no_age() -> None:
    scaling = ScalingSettings(profile=ScalingProfile.LITERAL)
    wanted = rules.of_queue(QUEUE.model_copy(update={"scaling": scaling})).wanted
    assert wanted(load(queued=51)) == 13
    assert wanted(load()) == 7
    assert wanted(load(oldest_queued_seconds=4000, queued=11)) == 10


def test_fixed_never_moves() -> None:
    outcome = run(generated("spikes", 1, horizon=900), rules.of_queue(queue(ScalingProfile.FIXED)))
    assert {asked for _, asked, _, _ in outcome.history} == {1}
