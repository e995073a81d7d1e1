"""The shipped rule reaches its figures on the written traces; a short horizon and one seed keep this quick."""

from capacity.comparison import CHART, Row, candidates, compare
from capacity.traces import generated
from settings.airflow import QueueSettings


def rows_of(name: str, horizon: float) -> dict[str, Row]:
    rows, outcomes = compare([[generated(name, 1, horizon)]], candidates(QueueSettings(longest_task_seconds=7200)))
    assert len(outcomes) == len(rows) == 3
    return {row.rule: row for row in rows}


def test_spikes_wait_a_fifth_of_the_charts_share_at_most_and_cost_little_more() -> None:
    rows = rows_of("spikes", 7200)
    ours, chart = rows["ours (demand)"], rows[CHART]
    assert chart.late_share > 0.05, "the trace is no trial if nobody waits"
    assert ours.late_share <= 0.2 * chart.late_share
    assert ours.pod_hours_ratio <= 1.15
    assert ours.killed == 0
    assert chart.killed > 0
    assert rows["literal"].late_share > chart.late_share


def test_nobody_waits_long_in_the_nightly_wave() -> None:
    rows = rows_of("nightly", 7200)
    assert rows["ours (demand)"].late_share == 0
    assert rows["ours (demand)"].killed == 0
    assert rows["ours (demand)"].pod_hours_ratio <= 1.15
