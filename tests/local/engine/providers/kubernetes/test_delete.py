from typing import Any

from local.engine.providers.kubernetes.delete import tell_stuck, what_holds
from local.engine.providers.kubernetes.kinds import Kind, Ref


def leaving(**fields: Any) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, **fields}


def test_a_finalizer_is_named() -> None:
    live = leaving(metadata={"finalizers": ["example.com/guard", "foregroundDeletion"]})
    assert what_holds(live) == "waits for finalizer example.com/guard"
    told = tell_stuck(Ref(Kind("v1", "ConfigMap"), "n", "a"), live, 600)
    assert "ConfigMap n/a is still there 600 s after its deletion: waits for finalizer example.com/guard." in told
    assert "kubectl -n n patch configmap a" in told


def test_owned_objects_are_waited_for() -> None:
    assert what_holds(leaving(metadata={"finalizers": ["foregroundDeletion"]})) == "waits for what it owns"


def test_a_namespace_says_what_is_left_in_it() -> None:
    message = "Some resources are remaining: pods. has 2 resource instances"
    conditions = [
        {"type": "NamespaceDeletionContentFailure", "status": "False", "message": "fine"},
        {"type": "NamespaceContentRemaining", "status": "True", "message": message},
    ]
    live = {"kind": "Namespace", "spec": {"finalizers": ["kubernetes"]}, "status": {"conditions": conditions}}
    assert what_holds(live) == message


def test_a_pod_waits_for_its_processes() -> None:
    assert what_holds(leaving()) == "waits for its processes to stop"
