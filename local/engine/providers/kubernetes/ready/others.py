"""Jobs, Services, claims, definitions and namespaces: when they are done or usable. Pure."""

from local.engine.providers.kubernetes.objects import (
    Obj,
    condition,
    dig,
    dig_int,
    dig_list,
    dig_map,
    dig_text,
    is_true,
)
from local.engine.providers.kubernetes.ready.pods import describe, is_ready, pod_name, started
from local.engine.providers.kubernetes.ready.verdict import READY, Around, State, Verdict

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def job(live: Obj, around: Around) -> Verdict:
    """Complete; failed as soon as the controller has given up, before its last pods are gone."""
    if is_true(live, "Complete") or dig(live, "spec", "suspend") is True:
        return READY
    for kind in ("Failed", "FailureTarget"):
        if is_true(live, kind):
            told = condition(live, kind)
            reason, message = dig_text(told, "reason"), dig_text(told, "message")
            return Verdict(State.FAILED, f"the Job failed ({reason}): {message}" if reason else "the Job failed")
    wanted = dig_int(live, "spec", "completions", default=1)
    succeeded, failed = dig_int(live, "status", "succeeded"), dig_int(live, "status", "failed")
    line = f"{succeeded} of {wanted} completions"
    if failed:
        line += f", {failed} failed (at most {dig_int(live, 'spec', 'backoffLimit', default=6)} may)"
    unready = [pod for pod in around.pods if dig(pod, "status", "phase") in {"Pending", "Running"}]
    if unready:
        last = unready[-1]
        line += f": {pod_name(last)} running" if is_ready(last) else f": {describe(last, around.now)}"
    elif not around.pods and around.refusals:
        line += f": {around.refusals[0]}"
    return Verdict(State.WAITING, line, (succeeded, sum(started(pod) for pod in around.pods)))


def service(live: Obj, around: Around) -> Verdict:
    """An endpoint serves, and a load balancer has its address.

    Headless Services, ExternalName Services and Services without a selector are ready at once.
    """
    spec = dig_map(live, "spec")
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return READY
    waits: list[str] = []
    serving = sum(_serves(entry, spec) for slices in around.endpoints for entry in dig_list(slices, "endpoints"))
    if not serving:
        waits.append(_no_endpoint(around))
    if spec.get("type") == "LoadBalancer" and not dig_list(live, "status", "loadBalancer", "ingress"):
        waits.append("no load balancer has given it an address")
    if not waits:
        return READY
    moved = sum(started(pod) for pod in around.pods)
    return Verdict(State.WAITING, "; ".join(waits), (serving, moved))


def _serves(endpoint: object, spec: Obj) -> bool:
    return spec.get("publishNotReadyAddresses") is True or dig(endpoint, "conditions", "ready") is not False


def _no_endpoint(around: Around) -> str:
    if not around.pods:
        return "no endpoint: no pod matches its selector yet"
    unready = [pod for pod in around.pods if not is_ready(pod)]
    return "no endpoint: " + ", ".join(describe(pod, around.now) for pod in (unready or around.pods)[:3])


def claim(live: Obj, around: Around) -> Verdict:
    """Bound; a claim whose class binds with its first pod is ready at once."""
    phase = dig_text(live, "status", "phase")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return Verdict(State.FAILED, "its volume is lost")
    name = dig(live, "spec", "storageClassName")
    for storage in around.storage_classes:
        is_default = dig(storage, "metadata", "annotations", _DEFAULT_CLASS) == "true"
        if dig(storage, "metadata", "name") == name or (name is None and is_default):
            if dig(storage, "volumeBindingMode") == "WaitForFirstConsumer":
                return READY
            return Verdict(State.WAITING, f"{phase or 'Pending'}: class {dig_text(storage, 'metadata', 'name')}")
    missing = f"StorageClass {name} does not exist" if name else "no StorageClass and no volume fits"
    return Verdict(State.WAITING, f"{phase or 'Pending'}: {missing}")


def volume(live: Obj, around: Around) -> Verdict:
    """Available, or already bound."""
    del around
    phase = dig_text(live, "status", "phase")
    if phase in {"Available", "Bound"}:
        return READY
    return Verdict(State.FAILED if phase == "Failed" else State.WAITING, phase or "Pending")


def definition(live: Obj, around: Around) -> Verdict:
    """A CustomResourceDefinition is served."""
    del around
    if is_true(live, "Established") and is_true(live, "NamesAccepted"):
        return READY
    names = condition(live, "NamesAccepted")
    if names.get("status") == "False":
        return Verdict(State.FAILED, f"its names are taken: {dig_text(names, 'message')}")
    return Verdict(State.WAITING, "not yet established")


def namespace(live: Obj, around: Around) -> Verdict:
    """Active."""
    del around
    phase = dig_text(live, "status", "phase")
    return READY if phase == "Active" else Verdict(State.WAITING, phase or "not yet active")
