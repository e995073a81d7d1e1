"""What exists while a run goes on: the state before it, what it did so far, and what it is about to do.

Every change that matters is written to the state before the next step begins, so that a run which dies in the
middle forgets nothing it made.
"""

import contextlib
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from typing import Any

from local.engine import urn as urns
from local.engine.providers.base import Properties
from local.engine.state import PendingOperation, ResourceState, Snapshot

Write = Callable[[Snapshot], None]


class Ledger:
    """Safe to use from many threads."""

    def __init__(self, before: Snapshot, write: Write | None) -> None:
        """`write` keeps a snapshot for good; None in a preview, where nothing is kept."""
        self._lock = threading.RLock()
        self._write = write
        self._extra: Mapping[str, Any] = before.extra
        self._olds: list[ResourceState] = list(before.resources)
        self._news: dict[str, ResourceState] = {}
        self._pending: list[PendingOperation] = []
        self._renamed: dict[str, str] = {}

    def old(self, urn: str) -> ResourceState | None:
        """The resource that stood under `urn` before the run and was not dealt with yet."""
        with self._lock:
            return next((state for state in self._olds if state.urn == urn and not state.delete), None)

    def olds(self) -> list[ResourceState]:
        """Everything from before the run that was not dealt with yet, dependencies first."""
        with self._lock:
            return list(self._olds)

    def new(self, urn: str) -> ResourceState | None:
        """The resource as this run left it."""
        with self._lock:
            return self._news.get(urn)

    def snapshot(self) -> Snapshot:
        """All that exists now."""
        with self._lock:
            olds = [self._with_new_names(state) for state in self._olds] if self._renamed else self._olds
            return Snapshot(resources=(*self._news.values(), *olds), pending=tuple(self._pending), extra=self._extra)

    @contextlib.contextmanager
    def operation(self, kind: str, resource: ResourceState) -> Generator[None]:
        """Note in the state that a step is under way, until the block ends by itself.

        When it ends by an ordinary error the provider has said how things stand; when the process dies, the
        note stays.
        """
        operation = PendingOperation(resource=resource, type=kind)
        with self._lock:
            self._pending.append(operation)
            self._keep()
        try:
            yield
        finally:
            with self._lock:
                self._pending.remove(operation)

    def put(self, state: ResourceState, *, instead_of: ResourceState | None = None, keep: bool = True) -> None:
        """Record a resource as it is now.

        Args:
            state: the resource.
            instead_of: the old entry it takes the place of.
            keep: False when nothing changed that would be missed after a crash.
        """
        with self._lock:
            self._news[state.urn] = state
            if instead_of is not None:
                self._drop(instead_of)
            if keep:
                self._keep()

    def renamed(self, former: str, present: str) -> None:
        """A resource is found under an alias: whatever refers to its former URN now means the present one."""
        with self._lock:
            self._renamed[former] = present

    def replaced(self, state: ResourceState, old: ResourceState) -> None:
        """Record a new resource while the one it replaces still exists."""
        with self._lock:
            self._news[state.urn] = state
            self._swap(old, replace(old, delete=True))
            self._keep()

    def deleted(self, old: ResourceState, *, to_be_replaced: bool = False) -> None:
        """Forget a resource, or remember that it is to be made anew."""
        with self._lock:
            if to_be_replaced:
                self._swap(old, replace(old, pending_replacement=True))
            else:
                self._drop(old)
            self._keep()

    def forget(self, olds: Iterable[ResourceState]) -> None:
        """Drop entries that stand for nothing."""
        with self._lock:
            for old in olds:
                self._drop(old)
            self._keep()

    def put_outputs(self, urn: str, outputs: Properties) -> bool:
        """Record the outputs of a component; whether they differ from before."""
        with self._lock:
            state = self._news[urn]
            if state.outputs == outputs:
                return False
            self._news[urn] = replace(state, outputs=outputs)
            return True

    def update_old(self, old: ResourceState, new: ResourceState) -> None:
        """Replace an entry in place, as a refresh does."""
        with self._lock:
            self._swap(old, new)
            self._keep()

    def adopt(self, state: ResourceState) -> None:
        """Add a resource that a killed run had made without being able to say so."""
        with self._lock:
            former = self.old(state.urn)
            if former is not None:
                self._swap(former, replace(former, delete=True))
            self._olds.append(state)
            self._keep()

    def keep(self) -> None:
        """Write the state now."""
        with self._lock:
            self._keep()

    def _keep(self) -> None:
        if self._write is not None:
            self._write(self.snapshot())

    def _drop(self, old: ResourceState) -> None:
        self._olds = [state for state in self._olds if state is not old]

    def _swap(self, old: ResourceState, new: ResourceState) -> None:
        self._olds = [new if state is old else state for state in self._olds]

    def _with_new_names(self, state: ResourceState) -> ResourceState:
        def present(urn: str) -> str:
            return self._renamed.get(urn, urn)

        provider = state.provider
        if provider:
            urn, identity = urns.split_provider_reference(provider)
            provider = urns.provider_reference(present(urn), identity)
        return replace(
            state,
            parent=present(state.parent),
            provider=provider,
            deleted_with=present(state.deleted_with),
            dependencies=tuple(map(present, state.dependencies)),
            property_dependencies={key: tuple(map(present, used)) for key, used in state.property_dependencies.items()},
        )
