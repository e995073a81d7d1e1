import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engine.providers.base import ProviderError
from local.engine.providers.kubernetes.ready.patience import Patience, skips_await, timeout_of


def annotated(key: str, value: str) -> dict[str, dict[str, dict[str, str]]]:
    return {"metadata": {"annotations": {f"pulumi.com/{key}": value}}}


def test_the_resource_option_wins_over_the_annotation_over_the_default() -> None:
    inputs = annotated("timeoutSeconds", "900")
    assert timeout_of(inputs, 30.0) == 30
    assert timeout_of(inputs, None) == 900
    assert timeout_of({}, None) == 600


@pytest.mark.parametrize("value", ["0", "-5", "5m", "1.5"])
def test_a_time_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ProviderError, match=r"pulumi\.com/timeoutSeconds"):
        timeout_of(annotated("timeoutSeconds", value), None)


def test_only_true_skips_waiting() -> None:
    assert skips_await(annotated("skipAwait", "true"))
    assert not skips_await(annotated("skipAwait", "false"))
    assert not skips_await({})


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 3)), max_size=30))
def test_without_trouble_patience_has_no_end(looks: list[tuple[float, int]]) -> None:
    patience, now = Patience(), 0.0
    for step, progress in looks:
        now += step
        assert not patience.is_over(now, (progress,), in_trouble=False)


def test_trouble_without_progress_ends_it() -> None:
    patience = Patience(limit=90)
    assert not patience.is_over(100, (0,), in_trouble=True)
    assert not patience.is_over(189, (0,), in_trouble=True)
    assert patience.is_over(190, (0,), in_trouble=True)


def test_progress_starts_the_clock_anew() -> None:
    patience = Patience(limit=90)
    assert not patience.is_over(0, (0,), in_trouble=True)
    assert not patience.is_over(89, (1,), in_trouble=True)
    assert not patience.is_over(178, (1,), in_trouble=True)
    assert patience.is_over(179, (1,), in_trouble=True)


def test_going_back_and_forth_is_no_progress() -> None:
    patience = Patience(limit=90)
    assert not any(patience.is_over(now, (now // 10 % 2,), in_trouble=True) for now in range(0, 100, 10))
    assert patience.is_over(100, (0,), in_trouble=True)


def test_a_spell_without_trouble_starts_the_clock_anew() -> None:
    patience = Patience(limit=90)
    assert not patience.is_over(0, (0,), in_trouble=True)
    assert not patience.is_over(60, (0,), in_trouble=False)
    assert not patience.is_over(100, (0,), in_trouble=True)
    assert patience.is_over(190, (0,), in_trouble=True)
