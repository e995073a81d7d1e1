"""Deleting an object and waiting until it is gone."""

import time
from collections.abc import Callable
from typing import Final

from local.engine.providers.base import Created, Properties, ProviderError, StepContext
from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.errors import ApiError, UnreachableError, tell_refusal
from local.engine.providers.kubernetes.kinds import Ref
from local.engine.providers.kubernetes.objects import Obj, annotation, condition, dig, dig_list, dig_text
from local.engine.providers.kubernetes.outputs import applying_managers, recorded_manager
from local.engine.providers.kubernetes.ready.patience import skips_await, timeout_of

_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
_FOREGROUND: Final = "foregroundDeletion"
_QUICKLY: Final = 3.0
_LONGEST_PAUSE: Final = 2.0
# For these the Pulumi provider heeds skipAwait on deletion too.
_SKIPPING = frozenset({"DaemonSet", "Deployment", "Job", "Namespace", "Pod", "StatefulSet"})


def delete_object(cluster: Cluster, ref: Ref, context: StepContext, old: Created, old_inputs: Properties) -> None:
    """Delete an object and wait until it is gone; one already gone is fine.

    An object of the same name that another resource has made since is left alone.

    Raises:
        ProviderError: refused, or still there after the time (naming what holds it).
    """
    try:
        live = cluster.get(ref)
        if live is None:
            return
        if not _is_ours(live, context, old):
            context.report("replaced by an object of another owner since; left alone")
            return
        if not dig(live, "metadata", "deletionTimestamp"):
            cluster.delete(ref, _propagation(old_inputs), dig_text(live, "metadata", "uid"))
    except ApiError as error:
        raise ProviderError(tell_refusal(ref, "delete", error)) from error
    except UnreachableError as error:
        raise ProviderError(f"{ref} cannot be deleted: {error}") from error
    if skips_await(old_inputs) and ref.kind.name in _SKIPPING:
        return
    wait_until_gone(cluster, ref, live, timeout_of(old_inputs, context.timeout), context.report)


def _is_ours(live: Obj, context: StepContext, old: Created) -> bool:
    """The recorded object itself, or one that this very resource made again."""
    recorded = dig_text(old.outputs, "metadata", "uid")
    if not recorded or recorded == dig_text(live, "metadata", "uid"):
        return True
    return recorded_manager(old.outputs, context.urn) in applying_managers(live)


def _propagation(inputs: Properties) -> str:
    asked = annotation(inputs, _PROPAGATION).lower()
    return {"orphan": "Orphan", "background": "Background"}.get(asked, "Foreground")


def wait_until_gone(cluster: Cluster, ref: Ref, live: Obj, timeout: float, report: Callable[[str], None]) -> None:
    """Wait until an object that is being deleted is gone.

    Raises:
        ProviderError: it is still there after the time, or the API server stayed away.
    """
    uid, start, pause, told = dig_text(live, "metadata", "uid"), time.monotonic(), 0.1, ""
    while True:
        try:
            found = cluster.get(ref)
        except (ApiError, UnreachableError) as error:
            raise ProviderError(f"{ref} is being deleted, but cannot be watched: {error}") from error
        if found is None or dig_text(found, "metadata", "uid") != uid:
            return
        waited = time.monotonic() - start
        holding = what_holds(found)
        if waited >= timeout:
            raise ProviderError(tell_stuck(ref, found, timeout))
        if waited > _QUICKLY and holding != told:
            told = holding
            report(f"being deleted: {holding}")
        time.sleep(min(pause, max(0.05, timeout - waited)))
        pause = min(_LONGEST_PAUSE, pause * 1.5)


def what_holds(live: Obj) -> str:
    """What keeps a deleted object from going, in one line. Pure."""
    finalizers = [
        str(name) for name in (*dig_list(live, "metadata", "finalizers"), *dig_list(live, "spec", "finalizers"))
    ]
    if dig_text(live, "kind") == "Namespace":
        for kind in ("NamespaceDeletionDiscoveryFailure", "NamespaceDeletionContentFailure"):
            if condition(live, kind).get("status") == "True":
                return dig_text(condition(live, kind), "message")
        for kind in ("NamespaceFinalizersRemaining", "NamespaceContentRemaining"):
            if condition(live, kind).get("status") == "True":
                return dig_text(condition(live, kind), "message")
    others = [name for name in finalizers if name not in {_FOREGROUND, "kubernetes"}]
    if others:
        return f"waits for finalizer{'s' if len(others) > 1 else ''} {', '.join(others)}"
    if _FOREGROUND in finalizers:
        return "waits for what it owns"
    return "waits for its processes to stop"


def tell_stuck(ref: Ref, live: Obj, timeout: float) -> str:
    """The message for an object that does not go. Pure."""
    lines = [f"{ref} is still there {timeout:.0f} s after its deletion: {what_holds(live)}."]
    place = f" -n {ref.namespace}" if ref.namespace else ""
    name = f"{ref.kind.name.lower()} {ref.name}"
    if ref.kind.name == "Namespace":
        lines.append(
            f"Way out: see what is left in it (kubectl get all,pvc -n {ref.name}) and why that does not go; run again."
        )
    else:
        lines.append(
            f"Way out: see what still works on it (kubectl{place} describe {name}) and run again. When the "
            "controller of a finalizer is gone for good, take the finalizer off by hand "
            f'(kubectl{place} patch {name} --type=merge -p \'{{"metadata":{{"finalizers":null}}}}\').'
        )
    return "\n".join(lines)
