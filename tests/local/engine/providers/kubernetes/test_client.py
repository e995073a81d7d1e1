"""Patience and discovery, against recorded answers: what happens on the wire is tried on a real cluster."""

from collections.abc import Callable

import pytest

from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError
from local.engine.providers.kubernetes.kinds import Kind, Ref
from local.engine.providers.kubernetes.objects import Obj
from local.engine.providers.kubernetes.transport import Answer

POD = Ref(Kind("v1", "Pod"), "n", "a")
WIDGET = Kind("example.com/v1", "Widget")
CORE = Answer(
    200,
    "OK",
    {
        "resources": [
            {"name": "namespaces", "kind": "Namespace", "namespaced": False},
            {"name": "pods", "kind": "Pod", "namespaced": True},
            {"name": "pods/log", "kind": "Pod", "namespaced": True},
        ]
    },
)
WIDGETS = Answer(200, "OK", {"resources": [{"name": "widgets", "kind": "Widget", "namespaced": True}]})
MISSING = Answer(404, "Not Found", {"kind": "Status", "reason": "NotFound", "message": "not found"})


class Script:
    """Answers in order, per method and path; the last one stays."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.answers: dict[str, list[Answer | Exception]] = {"GET /api/v1": [CORE]}

    def send(self, method: str, path: str, body: Obj | None, accept: str) -> Answer:
        call = f"{method} {path}"
        self.sent.append(call)
        left = self.answers[call]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def cluster_on(script: Script, sleep: Callable[[float], None] = lambda _: None) -> Cluster:
    return Cluster(script, sleep=sleep)


def test_kinds_are_looked_up_once() -> None:
    script = Script()
    script.answers["GET /api/v1/namespaces/n/pods/a"] = [Answer(200, "OK", {"kind": "Pod"})]
    cluster = cluster_on(script)
    assert cluster.get(POD) == {"kind": "Pod"}
    assert cluster.get(POD) == {"kind": "Pod"}
    assert script.sent.count("GET /api/v1") == 1


def test_a_missing_object_is_none() -> None:
    script = Script()
    script.answers["GET /api/v1/namespaces/n/pods/a"] = [MISSING]
    assert cluster_on(script).get(POD) is None


def test_a_missing_kind_is_none_to_read_and_an_error_to_write() -> None:
    script = Script()
    script.answers["GET /apis/example.com/v1"] = [MISSING]
    cluster, ref = cluster_on(script), Ref(WIDGET, "n", "w")
    assert cluster.get(ref) is None
    assert not cluster.is_served(WIDGET)
    with pytest.raises(NoSuchKindError, match=r"does not know example\.com/v1 Widget.*CustomResourceDefinition"):
        cluster.apply(ref, {}, "m")


def test_a_kind_defined_meanwhile_is_found_after_forgetting() -> None:
    script = Script()
    script.answers["GET /apis/example.com/v1"] = [MISSING, WIDGETS]
    cluster = cluster_on(script)
    assert not cluster.is_served(WIDGET)
    cluster.forget_kinds()
    assert cluster.is_namespaced(WIDGET)


@pytest.mark.parametrize(
    "passing",
    [
        UnreachableError("connection refused"),
        Answer(429, "Too Many Requests", "slow down"),
        Answer(503, "Service Unavailable", "not yet"),
        Answer(500, "", {"kind": "Status", "message": "etcdserver: leader changed"}),
    ],
)
def test_a_server_that_restarts_is_waited_for(passing: Answer | Exception) -> None:
    script = Script()
    script.answers["GET /api/v1/namespaces/n/pods/a"] = [passing, passing, Answer(200, "OK", {"x": 1})]
    assert cluster_on(script).get(POD) == {"x": 1}


def test_a_real_refusal_is_told_at_once() -> None:
    script = Script()
    path = "PATCH /api/v1/namespaces/n/pods/a?fieldManager=m&force=false&fieldValidation=Strict"
    script.answers[path] = [Answer(422, "", {"kind": "Status", "reason": "Invalid", "message": "no"})]
    with pytest.raises(ApiError, match="no"):
        cluster_on(script).apply(POD, {}, "m")
    assert script.sent.count(path) == 1


def test_a_server_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.engine.providers.kubernetes.client.FIRST_PATIENCE", 0.05)
    script = Script()
    script.answers["GET /api/v1"] = [UnreachableError("the API server is away")]
    with pytest.raises(UnreachableError, match="away"):
        Cluster(script).get(POD)
    assert len(script.sent) > 1


def test_deleting_what_is_gone_is_fine() -> None:
    script = Script()
    script.answers["DELETE /api/v1/namespaces/n/pods/a"] = [MISSING]
    cluster_on(script).delete(POD, "Foreground")
    assert script.sent[-1].startswith("DELETE")
