"""The drain controller: which pod goes first, when it writes, when it holds a scale-in back."""

import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import autoscaling


def load() -> Any:
    """The program as the pod runs it: a file, not a module of a package."""
    spec = spec_from_file_location("drain", Path(autoscaling.__file__).parent / "assets" / "drain.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["drain"] = module
    spec.loader.exec_module(module)
    return module


drain = load()
NOW = 1_800_000_000.0


def pod(name: str, address: str = "", **other: Any) -> Any:
    given: dict[str, Any] = {"started": True, "ready": True, "cost": None, "draining": None, "grace": 0.0, **other}
    return drain.Pod(name=name, address=address or name, **given)


def item(name: str, *, ready: bool = True, started: bool = True, cost: str = "", stopped: str = "") -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "annotations": {drain.COST: cost} if cost else {}}
    if stopped:
        metadata |= {"deletionTimestamp": stopped, "deletionGracePeriodSeconds": 720}
    status = {"podIP": f"ip-{name}", "containerStatuses": [{"ready": ready, "started": started}]}
    return {"metadata": metadata, "status": status}


def test_idle_pods_cost_nothing_and_busy_ones_the_age_of_their_oldest_task() -> None:
    pods = [pod("idle"), pod("young"), pod("old"), pod("ancient"), pod("leaving", draining=3.0)]
    oldest = {"young": 0.4, "old": 300.9, "ancient": 10.0**6, "leaving": 5.0}
    assert drain.costs(pods, oldest) == {"idle": 0, "young": 10, "old": 310, "ancient": 10 + 86400}


names = st.sampled_from("abcdef")


@given(st.dictionaries(names, st.integers(0, 500)), st.dictionaries(names, st.none() | st.integers(0, 500)))
def test_after_writing_pods_go_in_the_right_order_and_nothing_is_left_to_write(
    wanted: dict[str, int], written: dict[str, int | None]
) -> None:
    after = {**written, **drain.to_write(wanted, written)}
    costs = [after.get(name) for name in sorted(wanted, key=lambda name: (wanted[name], name))]
    assert None not in costs
    assert costs == sorted(cost or 0 for cost in costs)
    assert all((after[name] == 0) == (cost == 0) for name, cost in wanted.items())
    assert drain.to_write(wanted, after) == {}


def test_growing_older_alone_writes_nothing() -> None:
    assert drain.to_write({"a": 0, "b": 40, "c": 90}, {"a": 0, "b": 10, "c": 60}) == {}
    assert drain.to_write({"a": 0, "b": 40, "c": 20}, {"a": 0, "b": 10, "c": 60}) == {"b": 40, "c": 20}
    assert drain.to_write({"a": 10, "b": 40}, {"a": 0, "b": 10}) == {"a": 10, "b": 40}


def test_a_pod_that_stops_has_been_draining_since_it_was_told_to() -> None:
    found = drain.parse_pod(item("a", stopped="2026-11-22T08:12:00Z"), drain._seconds("2026-11-22T08:01:30Z"))
    assert (found.draining, found.grace) == (90.0, 720.0)


def test_workers_that_have_not_begun_say_nothing_about_the_broker() -> None:
    assert not drain.lost_broker([])
    assert not drain.lost_broker([pod("new", started=False, ready=False), pod("a"), pod("b"), pod("c", ready=False)])
    assert drain.lost_broker([pod("a", ready=False), pod("b"), pod("leaving", ready=False, draining=1.0)])


class World:
    """The API server and the database, as far as the controller asks them."""

    def __init__(self, replicas: int | None, *pods: dict[str, Any]) -> None:
        self.replicas, self.pods = replicas, list(pods)
        self.annotations: dict[str, str] = {}
        self.oldest: Mapping[str, float] | Exception = {}
        self.patches: list[tuple[str, Mapping[str, str | None]]] = []
        queues = {"default": {"workload": "worker-default", "minimum": 1}}
        self.controller = drain.Controller(queues, self.get, self.patch, self.tasks)

    def get(self, path: str) -> dict[str, Any] | None:
        if "deployments" in path:
            return {"spec": {"replicas": self.replicas}}
        if "pods?" in path:
            return {"items": self.pods}
        conditions = [{"type": "Ready", "status": "True"}, {"type": "Fallback", "status": "False"}]
        return {"metadata": {"annotations": self.annotations}, "status": {"conditions": conditions}}

    def patch(self, path: str, annotations: Mapping[str, str | None]) -> None:
        self.patches.append((path.rpartition("/")[2], annotations))
        if "scaledobjects" in path:
            merged = {**self.annotations, **annotations}
            self.annotations = {key: value for key, value in merged.items() if value is not None}
        else:
            (found,) = (one for one in self.pods if path.endswith(f"/{one['metadata']['name']}"))
            found["metadata"]["annotations"] |= annotations

    def tasks(self) -> Mapping[str, float]:
        if isinstance(self.oldest, Exception):
            raise self.oldest
        return self.oldest

    def rounds(self, count: int = 1) -> None:
        for _ in range(count):
            self.controller.round(NOW)


def test_costs_are_written_once_and_only_while_the_queue_can_shrink() -> None:
    world = World(1, item("a"))
    world.rounds()
    assert (world.patches, world.controller.can_shrink()) == ([], False)
    world.replicas, world.oldest = 2, {"ip-b": 7.0}
    world.pods.append(item("b"))
    world.rounds(3)
    assert world.patches == [("a", {drain.COST: "0"}), ("b", {drain.COST: "17"})]
    assert world.controller.can_shrink()
    assert world.controller.seen["default"].busy == 1


def test_a_database_that_does_not_answer_holds_scale_ins_until_it_is_back_for_good() -> None:
    world = World(2, item("a"), item("b"))
    world.oldest = OSError("gone")
    world.rounds()
    assert world.annotations == {}, "one lost answer is no outage"
    world.rounds()
    assert world.annotations == {drain.PAUSED: "true", drain.HELD_BY: "database"}
    assert 'scale_in_held{queue="default",reason="database"} 1' in drain.metrics(world.controller)
    world.oldest = {}
    world.rounds(2)
    assert drain.PAUSED in world.annotations
    world.rounds()
    assert world.annotations == {}


def test_workers_without_their_broker_hold_scale_ins() -> None:
    world = World(2, item("a", ready=False), item("b", ready=False))
    world.rounds(2)
    assert world.annotations[drain.HELD_BY] == "broker"


def test_a_brake_that_somebody_else_put_on_is_left_alone() -> None:
    world = World(2, item("a"), item("b"))
    world.annotations = {drain.PAUSED: "true"}
    world.oldest = OSError("gone")
    world.rounds(3)
    world.oldest = {}
    world.rounds(4)
    assert world.annotations == {drain.PAUSED: "true"}


def test_one_that_starts_anew_takes_back_what_the_one_before_it_held() -> None:
    world = World(2, item("a"), item("b"))
    world.annotations = {drain.PAUSED: "true", drain.HELD_BY: "database"}
    world.rounds()
    assert world.annotations == {}


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/queues/default", 200, '{"replicas": 4}'),
        ("/queues/other", 404, "there are"),
        ("/metrics", 200, 'airflow_workers_replicas{queue="default"} 4'),
        ("/ready", 200, "ok"),
        ("/alive", 200, "ok"),
    ],
)
def test_what_it_answers(path: str, status: int, text: str) -> None:
    world = World(4, item("a"))
    world.rounds()
    found, _, body = drain.answer(world.controller, path)
    assert found == status
    assert text in body.decode()


def test_it_is_not_ready_before_its_first_round() -> None:
    assert drain.answer(World(1).controller, "/ready")[0] == 503


def test_a_queue_that_cannot_be_read_costs_its_round_and_nothing_else() -> None:
    world = World(2, item("a"))
    world.replicas = None
    world.rounds()
    assert world.controller.errors["kubernetes"] == 1
    assert drain.answer(world.controller, "/queues/default")[0] == 503
