"""Schedules are read as Kubernetes reads them, and the longest gap between two firings is known."""

import pytest

from settings.cron import longest_gap, parse_cron, shortest_wait


@pytest.mark.parametrize(
    ("schedules", "hours"),
    [
        (("30 1 * * *",), 24),
        (("30 7,13,19 * * *",), 12),
        (("30 1 * * *", "30 7,13,19 * * *"), 6),
        (("*/15 * * * *",), 0.25),
        (("0 5-20/5 * * *",), 9),
        (("0 0 * * 0",), 7 * 24),
        (("0 0 1 * *",), 31 * 24),
        # Either day field fits where both are given.
        (("0 0 13 * 5",), 7 * 24),
        # 31 May to 31 July.
        (("0 0 31 * *",), 61 * 24),
    ],
)
def test_the_longest_gap(schedules: tuple[str, ...], hours: float) -> None:
    assert longest_gap(*schedules) == hours * 60


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("30 1 * *", "has 4 fields"),
        ("@daily", "has 1 fields"),
        ("60 1 * * *", "minute '60' is not within 0 to 59"),
        ("0 0 * * 7", "day of week '7' is not within 0 to 6"),
        ("0 */0 * * *", "hour"),
        ("0 9-5 * * *", "hour '9-5'"),
        ("0 0 * jan *", "month 'jan' is no number"),
        ("0 0 30 2 *", "less than once a year"),
    ],
)
def test_what_is_no_schedule_is_refused_with_an_example(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="30 1") as caught:
        longest_gap(text)
    assert complaint in str(caught.value)


def test_sunday_is_zero_and_a_step_starts_where_it_says() -> None:
    schedule = parse_cron("5/20 0 * * 0")
    assert schedule.minutes == {5, 25, 45}
    assert schedule.weekdays == {0}


@pytest.mark.parametrize(
    ("first", "second", "minutes"),
    [
        ("30 1 * * *", "30 5 * * *", 240),
        ("30 1 * * *", "0 1 * * *", 23 * 60 + 30),
        ("30 1 * * *", "30 1 * * *", 0),
        ("0 * * * *", "15,50 3 * * *", 15),
        ("0 1 * * 0", "0 1 * * 3", 3 * 24 * 60),
    ],
)
def test_shortest_wait_from_one_schedule_to_another(first: str, second: str, minutes: int) -> None:
    assert shortest_wait(first, second) == minutes
