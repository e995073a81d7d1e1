"""Several rules on several traces, each with several seeds, summed up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import mean

from capacity import rules
from capacity.rules import Rule
from capacity.simulation import Outcome, run
from capacity.traces import Trace
from settings.airflow import QueueSettings
from settings.scaling import ScalingProfile

CHART = "official chart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule on one trace: means over the seeds.

    Attributes:
        trace: its name.
        rule: its name.
        seeds: runs.
        tasks: of one run.
        wait_p50: seconds.
        wait_p95: seconds.
        late_share: of the tasks, that waited over 120 s.
        killed: tasks that ended with their pod.
        pod_hours: of all pods, drains included.
        pod_hours_ratio: to the official chart's on the same trace.
    """

    trace: str
    rule: str
    seeds: int
    tasks: int
    wait_p50: float
    wait_p95: float
    late_share: float
    killed: float
    pod_hours: float
    pod_hours_ratio: float

    def record(self) -> dict[str, str | int | float]:
        """For JSON."""
        return asdict(self)


def candidates(queue: QueueSettings) -> tuple[Rule, ...]:
    """The queue's own rule, the requirement's words, and the official chart with the same bounds."""
    words = queue.model_copy(update={"scaling": queue.scaling.model_copy(update={"profile": ScalingProfile.LITERAL})})
    own = rules.of_queue(queue, f"ours ({queue.scaling.profile.value})")
    literal = () if queue.scaling.profile is ScalingProfile.LITERAL else (rules.of_queue(words, "literal"),)
    return (own, rules.chart(queue), *literal)


def compare(
    traces: Iterable[Sequence[Trace]],
    compared: Sequence[Rule],
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[list[Row], list[Outcome]]:
    """Run every rule on every trace.

    Args:
        traces: per name, one trace per seed.
        compared: the rules; one named `official chart` is what pod-hours are put in relation to.
        progress: is told what is being run.

    Returns:
        The rows, and the first seed's outcome of each for plots.
    """
    rows: list[Row] = []
    shown: list[Outcome] = []
    for seeds in traces:
        outcomes: dict[str, list[Outcome]] = {}
        for rule in compared:
            progress(f"{seeds[0].name}: {rule.name}")
            outcomes[rule.name] = [run(trace, rule) for trace in seeds]
        of_chart = mean(outcome.pod_seconds for outcome in outcomes.get(CHART, outcomes[compared[0].name]))
        rows += [_row(found, of_chart) for found in outcomes.values()]
        shown += [found[0] for found in outcomes.values()]
    return rows, shown


def _row(outcomes: Sequence[Outcome], of_chart: float) -> Row:
    pod_seconds = mean(outcome.pod_seconds for outcome in outcomes)
    return Row(
        trace=outcomes[0].trace,
        rule=outcomes[0].rule,
        seeds=len(outcomes),
        tasks=round(mean(len(outcome.waits) for outcome in outcomes)),
        wait_p50=round(mean(outcome.wait(0.50) for outcome in outcomes), 1),
        wait_p95=round(mean(outcome.wait(0.95) for outcome in outcomes), 1),
        late_share=round(mean(outcome.late_share() for outcome in outcomes), 4),
        killed=round(mean(outcome.killed for outcome in outcomes), 1),
        pod_hours=round(pod_seconds / 3600, 1),
        pod_hours_ratio=round(pod_seconds / of_chart, 2),
    )
