"""What an audit makes of a state and of a cluster's answers."""

from typing import Any

import pytest

from local.engine.errors import EngineError
from local.engine.providers.base import Properties
from local.engine.providers.kubernetes.errors import UnreachableError
from local.engine.providers.kubernetes.kinds import Kind, Ref
from local.engine.providers.kubernetes.objects import Obj
from local.engine.state import ResourceState
from local.engine.values import Secret
from local.policy.live import Reader, observe, recorded

ROOT = "urn:pulumi:dev::airflow-platform"
PROVIDER = f"{ROOT}::pulumi:providers:kubernetes::cluster"


def held(token: str, identity: str, inputs: dict[str, Any] | None = None, **more: Any) -> ResourceState:
    name = identity.rpartition("/")[2]
    return ResourceState(
        urn=f"{ROOT}::{token}::{name}",
        type=token,
        custom=True,
        id=identity,
        inputs=inputs or {},
        provider=f"{PROVIDER}::1234" if token.startswith("kubernetes:") else "",
        **more,
    )


STATES = (
    ResourceState(urn=PROVIDER, type="pulumi:providers:kubernetes", custom=True, id="1234", inputs={"context": "x"}),
    held("kubernetes:core/v1:Namespace", "airflow", protect=True),
    held("kubernetes:core/v1:ConfigMap", "airflow/config", {"data": {"a": "1", "b": Secret("2")}}),
    held("kubernetes:batch/v1:Job", "airflow/migration"),
    held("kubernetes:apps/v1:Deployment", "airflow/old", delete=True),
    held("random:index/randomPassword:RandomPassword", "none", {"length": 32}),
)


def live(kind: Kind, name: str, namespace: str = "airflow", **more: Any) -> Obj:
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": namespace,
        "uid": "1",
        "managedFields": [{}],
        **more.pop("metadata", {}),
    }
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, "status": {"x": 1}, **more}


NAMESPACE, CONFIG, POD = Kind("v1", "Namespace"), Kind("v1", "ConfigMap"), Kind("v1", "Pod")


class Answers:
    """Objects by kind, as lists and gets would give them."""

    def __init__(self, *objects: Obj) -> None:
        self.objects = objects

    def get(self, ref: Ref) -> Obj | None:
        return next((o for o in self.objects if (o["kind"], o["metadata"]["name"]) == (ref.kind.name, ref.name)), None)

    def list(self, kind: Kind, namespace: str) -> list[Obj]:
        return [o for o in self.objects if (o["kind"], o["metadata"]["namespace"]) == (kind.name, namespace)]


def opened(*objects: Obj) -> Any:
    def open_one(config: Properties) -> Reader:
        assert config == {"context": "x"}
        return Answers(*objects)

    return open_one


def test_objects_are_judged_as_the_cluster_has_them_and_secrets_stay_marked() -> None:
    seen = observe(STATES, opened(live(NAMESPACE, "airflow"), live(CONFIG, "config", data={"a": "by hand", "b": "2"})))
    by_name = {goal.name: goal for goal in seen.goals}
    assert by_name["config"].inputs == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "config", "namespace": "airflow"},
        "data": {"a": "by hand", "b": Secret("2")},
    }
    assert by_name["airflow"].protect
    assert by_name["none"].inputs == {"length": 32}
    assert seen.gone == ("Job airflow/migration",)
    assert "old" not in by_name


def test_what_nobody_declared_is_judged_too_unless_another_object_owns_it() -> None:
    owned = live(POD, "config-1", metadata={"ownerReferences": [{"kind": "ReplicaSet"}]})
    elsewhere = live(POD, "far", "kube-system")
    seen = observe(STATES, opened(live(NAMESPACE, "airflow"), live(POD, "debug", spec={"a": 1}), owned, elsewhere))
    assert seen.strays == ("Pod airflow/debug",)
    stray = seen.goals[-1]
    assert (stray.type, stray.urn) == ("kubernetes:v1:Pod", f"{ROOT}::kubernetes:v1:Pod::airflow/debug")
    assert stray.inputs["spec"] == {"a": 1}
    assert "status" not in stray.inputs


def test_the_state_alone() -> None:
    seen = recorded(STATES)
    assert [goal.name for goal in seen.goals] == ["cluster", "airflow", "config", "migration", "none"]
    assert (seen.gone, seen.strays) == ((), ())


def test_a_cluster_that_does_not_answer() -> None:
    def refuse(config: Properties) -> Reader:
        raise UnreachableError("the API server cannot be reached")

    with pytest.raises(EngineError, match=r"cannot be read: the API server cannot be reached\nWay out: .*state file"):
        observe(STATES, refuse)
