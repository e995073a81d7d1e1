"""The loop that waits for an object: looks, reports, gives up early when it is hopeless."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.errors import ApiError, UnreachableError
from local.engine.providers.kubernetes.kinds import Ref
from local.engine.providers.kubernetes.objects import Obj, dig, dig_text
from local.engine.providers.kubernetes.ready.evidence import LogKeeper, fetch_events, render
from local.engine.providers.kubernetes.ready.patience import HOPELESS_AFTER, Patience
from local.engine.providers.kubernetes.ready.pods import is_settled, pod_name, troubles
from local.engine.providers.kubernetes.ready.rules import Rule
from local.engine.providers.kubernetes.ready.surroundings import POD
from local.engine.providers.kubernetes.ready.verdict import Around, State, Verdict

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_STALE_GRACE: Final = 15.0
"""Seconds that a broken pod of an older revision may keep a StatefulSet from going on."""


class NotReadyError(Exception):
    """The object exists but did not become ready.

    Attributes:
        live: the object as it was last seen, or None when it went away.
    """

    def __init__(self, message: str, live: Obj | None) -> None:
        super().__init__(message)
        self.live = live


@dataclass(slots=True, kw_only=True)
class Wait:
    """Waiting for one object.

    Attributes:
        cluster: where it lives.
        ref: the object.
        rule: when it is ready.
        timeout: seconds.
        report: takes one line whenever it changes.
        cancelled: True once the user asked to stop.
        over: True once no new step begins: what would have been made for this one may never be.
        hopeless_after: seconds of trouble without progress that end the wait early.
        clock: seconds that never go back.
        sleep: pauses.
    """

    cluster: Cluster
    ref: Ref
    rule: Rule
    timeout: float
    report: Callable[[str], None]
    cancelled: Callable[[], bool] = lambda: False
    over: Callable[[], bool] = lambda: False
    hopeless_after: float = HOPELESS_AFTER
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until_ready(self, live: Obj) -> Obj:
        """Look until the object is ready; returns it as it is then.

        Raises:
            NotReadyError: it failed, it is hopeless, or the time is over; with states, logs and events.
            UnreachableError: the API server stayed away.
        """
        start, pause, told = self.clock(), _FIRST_PAUSE, ""
        patience, keeper = Patience(self.hopeless_after), LogKeeper(self.cluster)
        unsticker = _Unsticker(self)
        namespace = self.ref.namespace
        while True:
            around = self.rule.gather(self.cluster, live)
            verdict = self._assess(live, around)
            if verdict.state is State.READY:
                return live
            if verdict.line and verdict.line != told:
                told = verdict.line
                self.report(told)
            keeper.look(namespace, around)
            waited = self.clock() - start
            why = self._why_stop(verdict, around, patience, waited)
            if why:
                heading = f"{self.ref} {why}"
                raise NotReadyError(self._tell(heading, live, around, keeper), live)
            unsticker.look(live, around)
            self.sleep(min(pause, max(0.05, self.timeout - waited)))
            pause = min(_LONGEST_PAUSE, pause * 1.5)
            live = self._again(live)

    def _assess(self, live: Obj, around: Around) -> Verdict:
        verdict = self.rule.assess(live, around)
        if verdict.state is not State.READY or not self.rule.settles:
            return verdict
        if all(is_settled(pod, around.now) for pod in around.pods):
            return verdict
        return Verdict(State.WAITING, "all pods run; watching that they stay up")

    def _why_stop(self, verdict: Verdict, around: Around, patience: Patience, waited: float) -> str:
        if verdict.state is State.FAILED:
            return f"failed: {verdict.line}"
        if patience.is_over(self.clock(), verdict.progress, in_trouble=self._in_trouble(around)):
            return f"does not come up (nothing moved for {patience.limit:.0f} s): {verdict.line}"
        if self.cancelled():
            return f"is there, and was not waited for to the end: {verdict.line}"
        if self.over() and self.ref.kind.name == "Service" and not around.pods:
            return f"is there, and nothing more is made that would serve it: {verdict.line}"
        if waited >= self.timeout:
            return f"is not ready after {self.timeout:.0f} s: {verdict.line}"
        return ""

    def _in_trouble(self, around: Around) -> bool:
        if around.refusals and not around.pods:
            return True
        return any(
            trouble.stuck and not (trouble.crashed and self.rule.counts_crashes)
            for pod in around.pods
            for trouble in troubles(pod, around.now)
        )

    def _again(self, before: Obj) -> Obj:
        live = self.cluster.get(self.ref)
        if live is None:
            raise NotReadyError(f"{self.ref} was deleted by somebody else while it was waited for.", None)
        if dig(live, "metadata", "uid") != dig(before, "metadata", "uid"):
            self.report("replaced by somebody else while it was waited for")
        return live

    def _tell(self, heading: str, live: Obj, around: Around, keeper: LogKeeper) -> str:
        pods = keeper.evidence(self.ref.namespace, around)
        return render(heading, pods, fetch_events(self.cluster, live, around), around.now)


class _Unsticker:
    """Frees a StatefulSet whose update waits for a broken pod of an older revision.

    Its controller replaces pods one by one and waits for the broken one for ever; Kubernetes leaves it to
    the user to delete that pod after the mend.
    """

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._since: dict[str, float] = {}

    def look(self, live: Obj, around: Around) -> None:
        if self._wait.ref.kind.name != "StatefulSet" or _on_delete(live):
            return
        for pod in around.stale_pods:
            stuck = any(trouble.stuck for trouble in troubles(pod, around.now))
            uid = dig_text(pod, "metadata", "uid")
            if not stuck:
                self._since.pop(uid, None)
            elif self._wait.clock() - self._since.setdefault(uid, self._wait.clock()) >= _STALE_GRACE:
                self._replace(pod, uid)
                self._since.pop(uid, None)

    def _replace(self, pod: Obj, uid: str) -> None:
        name = pod_name(pod)
        self._wait.report(f"{name} is broken on the old revision; deleting it so that the new one starts")
        try:
            self._wait.cluster.delete(Ref(POD, self._wait.ref.namespace, name), "Background", uid)
        except (ApiError, UnreachableError) as error:
            self._wait.report(f"{name} could not be deleted: {error}")


def _on_delete(live: Obj) -> bool:
    return dig(live, "spec", "updateStrategy", "type") == "OnDelete"
