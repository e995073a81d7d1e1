"""Certificates that nobody would take are refused before anything is touched."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from settings.problems import Problem
from settings.stack import AuthoritySettings
from tests.settings.stack_files import changed, problems_of, values_of

TODAY = datetime.now(UTC).date()


def problems_with(**authority: Any) -> list[Problem]:
    return problems_of(changed(values_of("prod"), "credentials", {"authority": authority}))


@pytest.mark.parametrize("days", [0, 1, 29])
def test_certificates_that_hold_are_taken(days: int) -> None:
    assert problems_with(issued=(TODAY - timedelta(days=days)).isoformat(), leafDays=30) == []


@pytest.mark.parametrize(
    ("authority", "reason"),
    [
        ({"issued": (TODAY + timedelta(days=2)).isoformat()}, "in the future"),
        ({"issued": (TODAY - timedelta(days=30)).isoformat(), "leafDays": 30}, f"ended on {TODAY}"),
        ({"issued": (TODAY - timedelta(days=365)).isoformat(), "authorityDays": 365}, f"ended on {TODAY}"),
    ],
)
def test_others_are_refused(authority: dict[str, Any], reason: str) -> None:
    (problem,) = problems_with(**authority)
    assert problem.key == "credentials.authority.issued"
    assert reason in problem.reason


def test_the_shorter_of_both_ends_first() -> None:
    issued = date(2026, 1, 1)
    assert AuthoritySettings(issued=issued, leaf_days=30, authority_days=365).last_day == date(2026, 1, 31)
    assert AuthoritySettings(issued=issued, leaf_days=825, authority_days=365).last_day == date(2027, 1, 1)
