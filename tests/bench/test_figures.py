"""What measured runs come to."""

import pytest

from tests.bench.figures import Measured, Pair, missed, order, summary, table
from tests.bench.sides import Side


def run(side: Side, seconds: float, wait: float, cpu: float = 10.0) -> Measured:
    return Measured(
        side=side,
        tasks=100,
        seconds=seconds,
        wait_p50=wait / 2,
        wait_p95=wait,
        queued_p95=wait,
        cpu={"scheduler": cpu},
        load_before=0.5,
    )


def pair(shipped: float, defaults: float) -> Pair:
    return Pair(run(Side.SHIPPED, shipped, shipped / 2), run(Side.DEFAULTS, defaults, defaults / 2, cpu=20.0))


def test_a_pair_is_told_by_its_ratios() -> None:
    one = pair(10, 20)
    assert one.speedup == pytest.approx(2.0)
    assert one.wait == pytest.approx(0.5)
    assert one.shipped.rate == pytest.approx(10.0)
    assert one.shipped.cpu_per_task == {"scheduler": 100.0}


def test_sides_take_turns_at_being_first() -> None:
    assert order(3) == [
        (Side.DEFAULTS, Side.SHIPPED),
        (Side.SHIPPED, Side.DEFAULTS),
        (Side.DEFAULTS, Side.SHIPPED),
    ]


def test_the_verdict_is_on_the_median_of_the_ratios() -> None:
    """Not on the ratio of medians: a machine that grows slower slows both sides of a pair."""
    report = summary([pair(10, 20), pair(40, 64), pair(100, 110)])
    assert report["speedup"] == {"median": 1.6, "least": 1.1, "most": 2.0}
    assert report["wait_p95_ratio"]["median"] == 0.625
    (complaint,) = missed(report)
    assert "0.625" in complaint
    assert missed(summary([pair(10, 20)])) == []
    assert len(missed(summary([pair(10, 10)]))) == 2


def test_the_table_shows_both_sides_and_where_the_time_goes() -> None:
    text = table(summary([pair(10, 20), pair(10, 25)]))
    assert "| Tasks a second | 4.50 (4.00 to 5.00) | 10.00 | 2.25 (2.00 to 2.50) |" in text
    assert "| CPU of scheduler, ms a task | 200 | 100 | |" in text
