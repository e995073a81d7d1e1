"""The ledger's checker finds what it is there for."""

from hypothesis import given
from hypothesis import strategies as st

from tests.drills.ha.figures import audit

rows = st.tuples(st.integers(0, 5), st.integers(1, 500))


@given(st.sets(rows), st.sets(rows))
def test_what_was_confirmed_and_is_there_is_not_lost(
    acknowledged: set[tuple[int, int]], extra: set[tuple[int, int]]
) -> None:
    result = audit(acknowledged, [*acknowledged, *(extra - acknowledged)])
    assert result.lost == result.doubled == ()
    assert result.acknowledged == len(acknowledged)
    assert result.unknown == len(extra - acknowledged)


@given(st.sets(rows, min_size=1), st.data())
def test_every_lost_row_is_named(acknowledged: set[tuple[int, int]], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(acknowledged)), min_size=1))
    assert set(audit(acknowledged, acknowledged - gone).lost) == gone


@given(st.sets(rows, min_size=1), st.data())
def test_every_doubled_row_is_named(acknowledged: set[tuple[int, int]], data: st.DataObject) -> None:
    twice = data.draw(st.sets(st.sampled_from(sorted(acknowledged)), min_size=1))
    assert set(audit(acknowledged, [*acknowledged, *twice]).doubled) == twice
