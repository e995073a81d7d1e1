"""Fetches what a rule looks at beside the object itself."""

from collections.abc import Callable
from datetime import UTC, datetime

from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.errors import ApiError
from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.objects import Obj, dig, dig_list, dig_map, dig_text
from local.engine.providers.kubernetes.ready.verdict import Around

POD = Kind("v1", "Pod")
EVENT = Kind("v1", "Event")
REPLICA_SET = Kind("apps/v1", "ReplicaSet")
_SLICE = Kind("discovery.k8s.io/v1", "EndpointSlice")
_STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass")
_REVISION = "deployment.kubernetes.io/revision"

Gather = Callable[[Cluster, Obj], Around]


def nothing(cluster: Cluster, live: Obj) -> Around:
    """For kinds whose own status says everything."""
    del cluster, live
    return Around(now=_now())


def of_deployment(cluster: Cluster, live: Obj) -> Around:
    """Pods of the newest ReplicaSet, and of the older ones."""
    namespace, labels = dig_text(live, "metadata", "namespace"), selector_text(dig_map(live, "spec", "selector"))
    sets = _owned(cluster.list(REPLICA_SET, namespace, labels=labels), live)
    revision = dig(live, "metadata", "annotations", _REVISION)
    newest = [one for one in sets if dig(one, "metadata", "annotations", _REVISION) == revision]
    pods = cluster.list(POD, namespace, labels=labels)
    current = [pod for pod in pods if any(_is_owned(pod, one) for one in newest)]
    stale = [pod for pod in pods if pod not in current and any(_is_owned(pod, one) for one in sets)]
    refusals = () if current else refusals_of(cluster, namespace, [live, *newest])
    return Around(now=_now(), pods=tuple(current), stale_pods=tuple(stale), refusals=refusals)


def of_stateful_set(cluster: Cluster, live: Obj) -> Around:
    """Its pods, apart by revision."""
    pods = _pods_of(cluster, live)
    newest = dig_text(live, "status", "updateRevision")
    label = ("metadata", "labels", "controller-revision-hash")
    current = tuple(pod for pod in pods if not newest or dig(pod, *label) == newest)
    stale = tuple(pod for pod in pods if pod not in current)
    namespace = dig_text(live, "metadata", "namespace")
    refusals = () if pods else refusals_of(cluster, namespace, [live])
    return Around(now=_now(), pods=current, stale_pods=stale, refusals=refusals)


def of_controller(cluster: Cluster, live: Obj) -> Around:
    """The pods that the object owns: for DaemonSets, ReplicaSets and Jobs."""
    pods = _pods_of(cluster, live)
    refusals = () if pods else refusals_of(cluster, dig_text(live, "metadata", "namespace"), [live])
    return Around(now=_now(), pods=tuple(pods), refusals=refusals)


def of_pod(cluster: Cluster, live: Obj) -> Around:
    """The pod itself."""
    del cluster
    return Around(now=_now(), pods=(live,))


def of_service(cluster: Cluster, live: Obj) -> Around:
    """Its endpoints and the pods that it selects."""
    selector = dig_map(live, "spec", "selector")
    if not selector:
        return Around(now=_now())
    namespace, name = dig_text(live, "metadata", "namespace"), dig_text(live, "metadata", "name")
    slices = cluster.list(_SLICE, namespace, labels=f"kubernetes.io/service-name={name}")
    pods = cluster.list(POD, namespace, labels=selector_text({"matchLabels": selector}))
    return Around(now=_now(), pods=tuple(pods), endpoints=tuple(slices))


def of_claim(cluster: Cluster, live: Obj) -> Around:
    """The storage classes."""
    del live
    return Around(now=_now(), storage_classes=tuple(cluster.list(_STORAGE_CLASS, "")))


def selector_text(selector: Obj) -> str:
    """A label selector as it goes into a query."""
    parts = [f"{key}={value}" for key, value in sorted(dig_map(selector, "matchLabels").items())]
    for entry in dig_list(selector, "matchExpressions"):
        key, operator = dig_text(entry, "key"), dig_text(entry, "operator")
        values = ",".join(str(value) for value in dig_list(entry, "values"))
        spelled = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        parts.append(spelled[operator])
    return ",".join(parts)


def refusals_of(cluster: Cluster, namespace: str, owners: list[Obj]) -> tuple[str, ...]:
    """Why the owners' pods could not be created (quota, pod security, admission), the latest first."""
    uids = {dig_text(owner, "metadata", "uid") for owner in owners}
    try:
        events = cluster.list(EVENT, namespace, fields="reason=FailedCreate,type=Warning")
    except ApiError:
        return ()
    own = [event for event in events if dig(event, "involvedObject", "uid") in uids]
    own.sort(key=event_time, reverse=True)
    return tuple(dict.fromkeys(dig_text(event, "message") for event in own))


def event_time(event: Obj) -> str:
    """When an event was last seen, as sortable text."""
    for path in (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",)):
        found = dig_text(event, *path)
        if found:
            return found
    return dig_text(event, "metadata", "creationTimestamp")


def _pods_of(cluster: Cluster, live: Obj) -> list[Obj]:
    labels = selector_text(dig_map(live, "spec", "selector"))
    return _owned(cluster.list(POD, dig_text(live, "metadata", "namespace"), labels=labels), live)


def _owned(objects: list[Obj], owner: Obj) -> list[Obj]:
    return [one for one in objects if _is_owned(one, owner)]


def _is_owned(one: Obj, owner: Obj) -> bool:
    uid = dig_text(owner, "metadata", "uid")
    return any(dig(entry, "uid") == uid for entry in dig_list(one, "metadata", "ownerReferences"))


def _now() -> datetime:
    return datetime.now(UTC)
