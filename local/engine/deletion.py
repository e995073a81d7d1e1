"""Deletes resources, those that depend on others first."""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from local.engine import urn as urns
from local.engine.errors import BadInputError
from local.engine.run import DEFAULT_PARALLEL, Run, StepFailedError
from local.engine.state import ResourceState
from local.engine.values import unwrap


def refuse_protected(states: Sequence[ResourceState]) -> None:
    """Raise BadInputError naming every state that is protected. Nothing has been touched then."""
    protected = [state for state in states if state.protect and not state.delete]
    if protected:
        lines = "\n".join(f"  {state.type} {state.name}" for state in protected)
        msg = (
            f"protected resources would be deleted:\n{lines}\n"
            "keep them in the program, or set protect=False on them and run up once before"
        )
        raise BadInputError(msg)


def delete_all(run: Run, states: Sequence[ResourceState]) -> None:
    """Delete `states`, each after everything that needs it.

    Raises:
        StepFailedError: at least one could not be deleted; what needs nothing of it is gone nevertheless.
        InterruptedRunError: the user asked to stop.
    """
    nothing_there = [state for state in states if state.pending_replacement or state.external]
    if nothing_there:
        run.ledger.forget(nothing_there)
    waiting = [state for state in states if not (state.pending_replacement or state.external)]
    _Deletion(run, waiting).perform()


class _Deletion:
    def __init__(self, run: Run, states: Sequence[ResourceState]) -> None:
        self._run = run
        self._waiting = list(states)
        self._going = {state.urn for state in states}
        self._running: dict[Future[None], ResourceState] = {}

    def perform(self) -> None:
        with ThreadPoolExecutor(max_workers=DEFAULT_PARALLEL, thread_name_prefix="delete") as pool:
            while self._waiting or self._running:
                self._start_ready(pool)
                if not self._running:
                    break
                done, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in done:
                    self._running.pop(future)
                    error = future.exception()
                    if error is not None and not isinstance(error, StepFailedError):
                        raise error
        self._run.refuse_when_over()
        if self._waiting:
            names = ", ".join(state.name for state in self._waiting)
            msg = f"these resources depend on each other in a circle and cannot be deleted: {names}"
            raise BadInputError(msg)

    def _start_ready(self, pool: ThreadPoolExecutor) -> None:
        if self._run.is_over():
            return
        present = [*self._waiting, *self._running.values()]
        for state in list(self._waiting):
            # An old half that was replaced shares its URN with the one that stays.
            needed = any(state.urn in other.needs for other in present if other is not state)
            if not needed:
                self._waiting.remove(state)
                along = state.deleted_with in self._going
                self._running[pool.submit(self._run.delete, state, taken_along=along)] = state


def leftovers(run: Run) -> list[ResourceState]:
    """What the state still holds from before and the program did not name this time."""
    return run.ledger.olds()


def provider_settings(run: Run, states: Sequence[ResourceState]) -> None:
    """Make the settings of recorded providers known, for resources whose provider the program no longer names."""
    for state in states:
        if urns.provider_package(state.type) is not None:
            run.packages.configure(state.urn, unwrap(state.inputs))
