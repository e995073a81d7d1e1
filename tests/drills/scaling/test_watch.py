"""What events of the API server say of a pod."""

from functools import reduce
from typing import Any

from tests.drills.scaling.figures import Worker
from tests.drills.scaling.watch import after, seconds_of, told

NINE = seconds_of("2026-01-02T09:00:00Z")


def event(kind: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": "worker-1", "creationTimestamp": "2026-01-02T09:00:00Z", **more.pop("metadata", {})}
    return {"type": kind, "object": {"metadata": metadata, "status": more}}


STOPPED = {"deletionTimestamp": "2026-01-02T09:08:00Z", "deletionGracePeriodSeconds": 420}
CONSUMES = [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T09:00:20Z"}]
STOPS = [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T09:01:30Z"}]
ENDED = [{"state": {"terminated": {"finishedAt": "2026-01-02T09:02:00Z", "exitCode": 0}}}]
LIFE = [
    (event("ADDED"), 0.1),
    (event("MODIFIED", podIP="10.0.0.7"), 5.0),
    (event("MODIFIED", podIP="10.0.0.7", conditions=CONSUMES), 20.2),
    (event("MODIFIED", podIP="10.0.0.7", conditions=CONSUMES, metadata=STOPPED), 60.4),
    (event("MODIFIED", conditions=STOPS, containerStatuses=ENDED, metadata=STOPPED), 121.0),
    (event("DELETED", conditions=STOPS, containerStatuses=ENDED, metadata=STOPPED), 122.5),
]


def lived(events: list[tuple[dict[str, Any], float]]) -> Worker | None:
    return reduce(lambda known, found: after(found[0], known, NINE + found[1]), events, None)


def test_the_life_of_a_pod() -> None:
    assert lived(LIFE) == Worker(
        name="worker-1",
        address="10.0.0.7",
        created=NINE,
        ready=NINE + 20,
        told=NINE + 60.4,
        ended=NINE + 120,
        gone=NINE + 122.5,
        exit_code=0,
    )


def test_a_pod_that_works_was_not_told_and_is_not_gone() -> None:
    found = lived(LIFE[:3])
    assert found
    assert (found.told, found.ended, found.gone, found.exit_code) == (None, None, None, None)


def test_the_second_in_which_it_was_told_holds_however_late_the_event() -> None:
    assert told({}, NINE) is None
    assert told(STOPPED, NINE + 75) == NINE + 61
    assert told(STOPPED, NINE + 59.9) == NINE + 60


def test_a_stop_that_is_cut_short_was_told_when_it_was_told_first() -> None:
    sooner = {"deletionTimestamp": "2026-01-02T09:01:40Z", "deletionGracePeriodSeconds": 0}
    found = lived([*LIFE[:4], (event("MODIFIED", metadata=sooner), 100.0)])
    assert found
    assert found.told == NINE + 60.4
