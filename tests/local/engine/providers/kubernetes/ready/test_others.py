import pytest

from local.engine.providers.kubernetes.ready.others import (
    claim,
    definition,
    job,
    namespace,
    service,
    volume,
)
from local.engine.providers.kubernetes.ready.verdict import Around, State
from tests.local.engine.providers.kubernetes.ready.shapes import (
    CRASHING_POD,
    NOW,
    PULLING_POD,
    READY_POD,
    Obj,
    conditions,
    container,
    pod,
    running,
)

EMPTY = Around(now=NOW)


def of(spec: Obj | None = None, **status: object) -> Obj:
    return {"metadata": {"name": "x"}, "spec": spec or {}, "status": status}


def test_a_complete_job_is_ready_and_a_suspended_one_is_not_waited_for() -> None:
    assert job(of(conditions=conditions(SuccessCriteriaMet=True, Complete=True)), EMPTY).state is State.READY
    assert job(of({"suspend": True}), EMPTY).state is State.READY
    assert job(of(conditions=conditions(SuccessCriteriaMet=True)), EMPTY).state is State.WAITING


@pytest.mark.parametrize("kind", ["Failed", "FailureTarget"])
def test_a_job_that_gave_up_failed_at_once(kind: str) -> None:
    told = {"type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached it"}
    verdict = job(of(conditions=[told]), EMPTY)
    assert verdict.state is State.FAILED
    assert verdict.line == "the Job failed (BackoffLimitExceeded): Job has reached it"


def test_a_running_job_tells_its_tries() -> None:
    live = of({"completions": 2, "backoffLimit": 3}, succeeded=1, failed=1)
    running_pod = pod("x-1", container("main", running()), phase="Running")
    line = job(live, Around(now=NOW, pods=(running_pod,))).line
    assert line == "1 of 2 completions, 1 failed (at most 3 may): x-1 waits for main to be ready"


def slices(*ready: bool) -> tuple[Obj, ...]:
    return ({"endpoints": [{"conditions": {"ready": one}} for one in ready]},)


SELECTING = {"selector": {"app": "web"}, "clusterIP": "10.0.0.1", "type": "ClusterIP"}


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "ExternalName", "selector": {"a": "b"}},
        {"clusterIP": "None", "selector": {"a": "b"}},
        {"clusterIP": "10.0.0.1"},
    ],
)
def test_services_without_endpoints_of_their_own_are_ready(spec: Obj) -> None:
    assert service(of(spec), EMPTY).state is State.READY


def test_a_service_needs_one_endpoint_that_serves() -> None:
    assert service(of(SELECTING), Around(now=NOW, endpoints=slices(False, True))).state is State.READY
    waits = service(of(SELECTING), Around(now=NOW, endpoints=slices(False), pods=(CRASHING_POD,)))
    assert waits.state is State.WAITING
    assert waits.line == "no endpoint: web-2 CrashLoopBackOff (web)"
    assert service(of(SELECTING), EMPTY).line == "no endpoint: no pod matches its selector yet"


def test_a_service_may_publish_pods_that_are_not_ready() -> None:
    spec = {**SELECTING, "publishNotReadyAddresses": True}
    assert service(of(spec), Around(now=NOW, endpoints=slices(False))).state is State.READY


def test_a_load_balancer_needs_its_address() -> None:
    spec = {**SELECTING, "type": "LoadBalancer"}
    around = Around(now=NOW, endpoints=slices(True), pods=(READY_POD,))
    assert service(of(spec, loadBalancer={}), around).line == "no load balancer has given it an address"
    given = {"ingress": [{"ip": "1.2.3.4"}]}
    assert service(of(spec, loadBalancer=given), around).state is State.READY


def storage(name: str, mode: str, *, default: bool = False) -> Obj:
    annotations = {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return {"metadata": {"name": name, "annotations": annotations}, "volumeBindingMode": mode}


def test_a_claim_is_ready_when_bound_or_when_its_first_pod_binds_it() -> None:
    late = Around(now=NOW, storage_classes=(storage("late", "WaitForFirstConsumer", default=True),))
    assert claim(of(phase="Bound"), EMPTY).state is State.READY
    assert claim(of({"storageClassName": "late"}, phase="Pending"), late).state is State.READY
    assert claim(of(phase="Pending"), late).state is State.READY
    assert claim(of(phase="Lost"), EMPTY).state is State.FAILED


def test_a_pending_claim_says_what_it_waits_for() -> None:
    at_once = Around(now=NOW, storage_classes=(storage("fast", "Immediate"),))
    assert claim(of({"storageClassName": "fast"}, phase="Pending"), at_once).line == "Pending: class fast"
    missing = claim(of({"storageClassName": "gone"}, phase="Pending"), at_once)
    assert missing.line == "Pending: StorageClass gone does not exist"
    assert missing.state is State.WAITING


def test_volumes_definitions_and_namespaces() -> None:
    assert volume(of(phase="Available"), EMPTY).state is State.READY
    assert volume(of(phase="Failed"), EMPTY).state is State.FAILED
    assert namespace(of(phase="Active"), EMPTY).state is State.READY
    assert namespace(of(phase="Terminating"), EMPTY).state is State.WAITING
    assert definition(of(), EMPTY).state is State.WAITING
    served = of(conditions=conditions(NamesAccepted=True, Established=True))
    assert definition(served, EMPTY).state is State.READY
    assert definition(of(conditions=conditions(NamesAccepted=False)), EMPTY).state is State.FAILED


def test_a_job_that_merely_starts_is_in_no_hurry() -> None:
    verdict = job(of(active=1), Around(now=NOW, pods=(PULLING_POD,)))
    assert verdict.state is State.WAITING
    assert verdict.line == "0 of 1 completions: web-3 pulling or creating web"
