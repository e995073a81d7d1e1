"""Waiting, as drills do it."""

import pytest

from tests.drills import waiting
from tests.drills.waiting import DrillError, wait_for


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 0.0)


def test_what_cannot_be_asked_is_asked_again() -> None:
    answers = iter([DrillError("away"), False, True])

    def ask() -> bool:
        answer = next(answers)
        if isinstance(answer, DrillError):
            raise answer
        return answer

    assert wait_for("it", 30, ask) < 30


def test_the_last_trouble_is_told() -> None:
    def ask() -> bool:
        raise DrillError("kubectl: no answer")

    with pytest.raises(DrillError, match=r"still not: it whole \(kubectl: no answer\)"):
        wait_for("it whole", 0.01, ask)
