"""Creating and changing objects by server-side apply."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar, cast

from local.engine.providers.base import Created, Properties, ProviderError, StepContext
from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.config import ProviderConfig
from local.engine.providers.kubernetes.delete import wait_until_gone
from local.engine.providers.kubernetes.errors import (
    ApiError,
    NoSuchKindError,
    UnreachableError,
    tell_exists,
    tell_refusal,
)
from local.engine.providers.kubernetes.kinds import Kind, Ref
from local.engine.providers.kubernetes.objects import Obj, annotation, clean, dig, dig_text, is_true
from local.engine.providers.kubernetes.outputs import (
    INITIAL_API_VERSION,
    all_managers,
    applying_managers,
    field_manager,
    record,
    recorded_manager,
)
from local.engine.providers.kubernetes.ready.patience import HOPELESS_AFTER, skips_await, timeout_of
from local.engine.providers.kubernetes.ready.rules import rule_for
from local.engine.providers.kubernetes.ready.waiting import NotReadyError, Wait

_T = TypeVar("_T")

_NEW_KIND_PATIENCE: Final = 10.0
"""Seconds until a kind must be served whose CustomResourceDefinition was just made."""
_PATCH_FORCE: Final = "pulumi.com/patchForce"
_PATCH_MANAGER: Final = "pulumi.com/patchFieldManager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applier:
    """Applies one resource's object.

    Attributes:
        cluster: where to.
        config: of the provider.
        kind: of the object.
        context: of the step.
        hopeless_after: seconds of trouble without progress that end a wait early.
        sleep: pauses.
    """

    cluster: Cluster
    config: ProviderConfig
    kind: Kind
    context: StepContext
    hopeless_after: float = HOPELESS_AFTER
    sleep: Callable[[float], None] = time.sleep

    def create(self, news: Properties) -> Created:
        """Make a new object and wait until it is ready.

        Raises:
            ProviderError: something of that name exists that is not this resource's own, the API server
                refuses it, or it does not become ready (then with the object as `partial`).
        """
        ref = self.ref(news)
        manager = annotation(news, _PATCH_MANAGER) or field_manager(self.context.urn)
        there = self._guarded(ref, "look for", lambda: self.cluster.get(ref))
        if there is not None and dig(there, "metadata", "deletionTimestamp"):
            self.context.report("an older object of this name is still being deleted")
            wait_until_gone(self.cluster, ref, there, timeout_of(news, self.context.timeout), self.context.report)
        elif there is not None and manager not in applying_managers(there) and not self.config.upsert:
            raise ProviderError(tell_exists(ref, all_managers(there)))
        return self._apply_and_wait(ref, news, manager, "")

    def update(self, old: Created, news: Properties) -> Created:
        """Change the object in place and wait until it is ready; see `create` for what is raised.

        A Job that failed is started anew: its object says for ever that it failed.
        """
        ref = self.ref(news)
        manager = annotation(news, _PATCH_MANAGER) or recorded_manager(old.outputs, self.context.urn)
        there = self._guarded(ref, "look for", lambda: self.cluster.get(ref))
        if there is None:
            self.context.report("was gone; creating it again")
        elif self.kind == Kind("batch/v1", "Job") and _has_failed(there):
            self.context.report("failed before; starting it anew")
            self._guarded(ref, "delete", lambda: self.cluster.delete(ref, "Foreground"))
            wait_until_gone(self.cluster, ref, there, timeout_of(news, self.context.timeout), self.context.report)
        initial = dig_text(old.outputs, INITIAL_API_VERSION)
        return self._apply_and_wait(ref, news, manager, initial)

    def ref(self, inputs: Properties) -> Ref:
        """The object's address; a namespace that its kind does not have is dropped."""
        kind = Kind(dig_text(inputs, "apiVersion") or self.kind.api_version, self.kind.name)
        namespace = dig_text(inputs, "metadata", "namespace")
        name = dig_text(inputs, "metadata", "name")
        if not namespace and kind.seems_namespaced:
            namespace = "default"
        ref = Ref(kind, namespace, name)
        namespaced = self._guarded(ref, "look up", lambda: self._is_namespaced(kind))
        return ref if namespaced else Ref(kind, "", name)

    def _is_namespaced(self, kind: Kind) -> bool:
        if kind.is_built_in and self.cluster.is_served(kind):
            return self.cluster.is_namespaced(kind)
        deadline = time.monotonic() + _NEW_KIND_PATIENCE
        while not self.cluster.is_served(kind) and time.monotonic() < deadline:
            self.sleep(0.5)
        return self.cluster.is_namespaced(kind)

    def _apply_and_wait(self, ref: Ref, news: Properties, manager: str, initial: str) -> Created:
        live = self._guarded(ref, "apply", lambda: self.send(ref, news, manager, dry_run=False))
        rule = rule_for(self.kind)
        if rule is None or skips_await(news):
            return record(live, news, manager, initial)
        timeout = timeout_of(news, self.context.timeout)
        wait = Wait(
            cluster=self.cluster,
            ref=ref,
            rule=rule,
            timeout=timeout,
            report=self.context.report,
            cancelled=self.context.cancelled,
            over=self.context.over,
            hopeless_after=self.hopeless_after,
            sleep=self.sleep,
        )
        try:
            live = wait.until_ready(live)
        except NotReadyError as error:
            partial = record(error.live, news, manager, initial) if error.live is not None else None
            raise ProviderError(str(error), partial) from error
        except (UnreachableError, ApiError) as error:
            message = f"{ref} was applied, but waiting for it failed: {error}"
            raise ProviderError(message, record(live, news, manager, initial)) from error
        if self.kind.name == "CustomResourceDefinition":
            self.cluster.forget_kinds()
        return record(live, news, manager, initial)

    def send(self, ref: Ref, inputs: Properties, manager: str, *, dry_run: bool) -> Obj:
        """One server-side apply, nothing else. Raises ApiError, UnreachableError or NoSuchKindError."""
        body = cast("Obj", clean(inputs))
        body["apiVersion"], body["kind"] = ref.kind.api_version, ref.kind.name
        if not ref.namespace:
            body.get("metadata", {}).pop("namespace", None)
        force = (
            self.config.patch_force or annotation(inputs, _PATCH_FORCE) == "true" or (dry_run and self.config.upsert)
        )
        quiet = self.config.quiet_deprecations or dry_run
        live, warnings = self.cluster.apply(ref, body, manager, force=force, dry_run=dry_run)
        for warning in () if quiet else warnings:
            self.context.report(f"warning: {warning}")
        return live

    def _guarded(self, ref: Ref, verb: str, work: Callable[[], _T]) -> _T:
        try:
            return work()
        except ApiError as error:
            raise ProviderError(tell_refusal(ref, verb, error)) from error
        except (NoSuchKindError, UnreachableError) as error:
            raise ProviderError(f"{ref}: {error}") from error


def _has_failed(job: Obj) -> bool:
    """Whether the controller has given the Job up, even while its last pods still end."""
    return is_true(job, "Failed") or is_true(job, "FailureTarget")
