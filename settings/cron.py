"""Cron schedules as Kubernetes reads them: five fields, and how far apart two firings can be."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 6))
_FORM = "write five fields of numbers, '*', '*/n', 'a-b' or lists of them, such as '30 1 * * *'"
_MINUTES_A_DAY = 24 * 60
_FIRST_DAY = date(2028, 1, 1)
_DAYS = 366 + 31
"""A leap year and a month: every day of the year and every border between two months occurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The values of each field; Sunday is 0.

    Attributes:
        either_day: both day fields are given, so that a day fits when one of them does.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def fires_on(self, day: date) -> bool:
        """Whether it fires at some time of the day."""
        if day.month not in self.months:
            return False
        fits = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return any(fits) if self.either_day else all(fits)


def parse_cron(text: str) -> Schedule:
    """The schedule of a text.

    Raises:
        ValueError: it is none, or Kubernetes would read it differently.
    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} has {len(fields)} fields; {_FORM}")
    # Kubernetes takes 7 for no day of the week, unlike some other crons.
    minutes, hours, days, months, weekdays = (_field(field, *kind) for field, kind in zip(fields, _FIELDS, strict=True))
    return Schedule(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=weekdays,
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _field(text: str, name: str, lowest: int, highest: int) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _part(part, name, lowest, highest))


def _part(text: str, name: str, lowest: int, highest: int) -> range:
    span, _, step = text.partition("/")
    first, dash, last = span.partition("-")
    numbers = [first, last if dash else first] if span != "*" else [str(lowest), str(highest)]
    if "/" in text and not dash and span != "*":
        numbers[1] = str(highest)
    if not all(number.isdecimal() for number in [*numbers, step or "1"]) or step == "0":
        raise ValueError(f"the {name} {text!r} is no number; {_FORM}")
    begin, end = map(int, numbers)
    if not lowest <= begin <= end <= highest:
        raise ValueError(f"the {name} {text!r} is not within {lowest} to {highest}; {_FORM}")
    return range(begin, end + 1, int(step or "1"))


def longest_gap(*schedules: str) -> int:
    """Minutes between two firings of any of the schedules, at the longest.

    Raises:
        ValueError: one of them is no schedule, or none of them ever fires.
    """
    return max(later - earlier for earlier, later in pairwise(_firings(*schedules)))


def shortest_wait(first: str, second: str) -> int:
    """Minutes from a firing of the first schedule to the next one of the second, at the shortest; 0 for the same time.

    Raises:
        ValueError: one of them is no schedule, or never fires.
    """
    earlier, later = _firings(first), _firings(second)
    return min(later[place] - time for time in earlier if (place := bisect_left(later, time)) < len(later))


def _firings(*schedules: str) -> list[int]:
    """Minutes from the first day on at which any of the schedules fires."""
    firings: list[int] = []
    parsed = [parse_cron(text) for text in schedules]
    for number in range(_DAYS):
        day = _FIRST_DAY + timedelta(days=number)
        today = {
            hour * 60 + minute
            for schedule in parsed
            if schedule.fires_on(day)
            for hour in schedule.hours
            for minute in schedule.minutes
        }
        firings.extend(number * _MINUTES_A_DAY + minute for minute in sorted(today))
    if len(firings) < 2:
        raise ValueError(f"{', '.join(schedules)} fires less than once a year; {_FORM}")
    return firings
