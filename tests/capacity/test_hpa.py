"""The autoscaler's algorithm: windows, rates and bounds, as Kubernetes documents them."""

from hypothesis import given
from hypothesis import strategies as st

from capacity.hpa import KUBERNETES_DEFAULTS, SYNC_SECONDS, Autoscaler, Behavior, Direction, PolicyKind, RatePolicy


def scaler(behavior: Behavior = KUBERNETES_DEFAULTS, minimum: int = 1, maximum: int = 100) -> Autoscaler:
    return Autoscaler(behavior=behavior, minimum=minimum, maximum=maximum)


def test_defaults_grow_by_four_pods_or_double_each_fifteen_seconds() -> None:
    autoscaler = scaler()
    found: list[int] = [1]
    for look in range(5):
        found.append(autoscaler.decide(look * 15.0, found[-1], 100))
    assert found == [1, 5, 10, 20, 40, 80]


def test_defaults_shrink_only_when_five_minutes_asked_for_less() -> None:
    autoscaler = scaler()
    assert autoscaler.decide(0, 10, 10) == 10
    assert [autoscaler.decide(second, 10, 2) for second in (15, 150, 299)] == [10, 10, 10]
    assert autoscaler.decide(301, 10, 2) == 2


def test_tolerance_keeps_what_is_nearly_right() -> None:
    assert scaler().decide(0, 10, 10.9) == 10
    assert scaler().decide(0, 10, 11.1) == 12


def test_a_rate_counts_what_changed_within_its_period() -> None:
    down = Direction(0, (RatePolicy(PolicyKind.PERCENT, 20, 60), RatePolicy(PolicyKind.PODS, 1, 60)), tolerance=0.0)
    autoscaler = scaler(Behavior(up=KUBERNETES_DEFAULTS.up, down=down))
    assert autoscaler.decide(0, 50, 1) == 40
    assert autoscaler.decide(15, 40, 1) == 40
    assert autoscaler.decide(61, 40, 1) == 32
    # Four fifths of two pods would be one; the policy of one pod allows as much.
    assert scaler(Behavior(up=KUBERNETES_DEFAULTS.up, down=down)).decide(0, 2, 1) == 1


def test_the_percentage_policy_alone_never_takes_the_last_pods() -> None:
    down = Direction(0, (RatePolicy(PolicyKind.PERCENT, 20, 60),), tolerance=0.0)
    assert scaler(Behavior(up=KUBERNETES_DEFAULTS.up, down=down)).decide(0, 5, 1) == 4


def test_from_zero_it_grows_at_once() -> None:
    assert scaler(minimum=0).decide(0, 0, 3) == 3


@given(
    wanted=st.lists(st.floats(0, 500), min_size=1, max_size=60),
    minimum=st.integers(0, 10),
    spread=st.integers(0, 50),
)
def test_it_never_leaves_its_bounds(wanted: list[float], minimum: int, spread: int) -> None:
    autoscaler = scaler(minimum=minimum, maximum=minimum + spread)
    current = minimum
    for look, value in enumerate(wanted):
        current = autoscaler.decide(look * SYNC_SECONDS, current, value)
        assert minimum <= current <= minimum + spread
