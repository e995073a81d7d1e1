"""Two updates make a rotation, and at every moment of them both sides know a common generation."""

from itertools import pairwise

import pytest

from components.credentials.generations import Counter, Rotated, problems
from settings.stack import CredentialSettings

KNOWN = frozenset({"password", "key"})
STEPS = [
    Counter(newest=0),
    Counter(newest=1),
    Counter(newest=1, retired=0),
    Counter(newest=2, retired=0),
    Counter(newest=2, retired=1),
]


def view(counter: Counter) -> Rotated:
    return Rotated.of(counter, [f"text {number}" for number in counter.generations])


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_clients_are_let_in_by_servers_that_were_told_first(before: Counter, after: Counter) -> None:
    accepted = {view(after).newest.text, view(after).settled.text}
    assert view(before).newest.text in accepted
    assert view(after).newest.text in accepted


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_peers_understand_each_other_whoever_restarts_first(before: Counter, after: Counter) -> None:
    for one, another in ((before, after), (after, before)):
        assert view(one).settled.text in {view(another).settled.text, view(another).other.text}


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_a_text_never_changes_under_its_login(before: Counter, after: Counter) -> None:
    """The login that is in use keeps its password; only the idle one gets another."""
    used = view(before).newest
    again = [item for item in (view(after).newest, view(after).settled) if item.letter == used.letter]
    assert {item.text for item in again} <= {used.text}


def test_a_retired_password_is_let_in_nowhere() -> None:
    retired = view(Counter(newest=1, retired=0))
    assert retired.newest == retired.settled
    assert retired.newest.text == "text 1"


def test_in_a_template_a_value_is_its_newest_generation() -> None:
    filled = "{p} {p.letter} {p.settled} {p.settled.letter} {p.other}".format(p=view(Counter(newest=1)))
    assert filled == "text 1 b text 0 a text 1"


def told(**settings: dict[str, int]) -> list[str]:
    return problems(CredentialSettings.model_validate(settings), KNOWN)


@pytest.mark.parametrize("key", ["rotation", "retired"])
def test_an_unknown_name_is_named_with_what_there_is(key: str) -> None:
    assert told(**{key: {"pasword": 1}}) == [
        f"credentials.{key}.pasword = 1: there is no such generated value. Known are key, password"
    ]


def test_what_is_in_use_cannot_be_retired() -> None:
    (problem,) = told(rotation={"key": 2}, retired={"key": 2})
    assert problem.startswith("credentials.retired.key = 2: it would retire generation 2, the one in use.")


def test_a_generation_that_is_not_retired_cannot_be_dropped() -> None:
    (problem,) = told(rotation={"key": 2})
    assert problem.endswith("Deploy credentials.retired.key = 0 with the counter at 1 first")
    assert told(rotation={"key": 2}, retired={"key": 0}) == []


def test_all_problems_are_told_at_once() -> None:
    assert len(told(rotation={"key": -1, "x": 1, "password": 5})) == 3
