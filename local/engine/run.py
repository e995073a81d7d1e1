"""What all parts of one run share: the ledger, the watcher, the limits, and how a step is told of."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from local.engine import urn as urns
from local.engine.errors import EngineError, InterruptedRunError
from local.engine.events import Op, Step, Watcher
from local.engine.goal import Goal
from local.engine.ledger import Ledger
from local.engine.packages import Packages
from local.engine.providers.base import Created, Properties, ProviderError, StepContext
from local.engine.state import ResourceState, now
from local.engine.values import unwrap

# Most of a step is waiting for the cluster, and what one waits for may be the work of another.
DEFAULT_PARALLEL: Final = 32


class StepFailedError(EngineError):
    """A step that failed; whoever watches the run has been told."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of preview, up, destroy or refresh.

    Attributes:
        cancelled: set once the user asked to stop.
        slots: how many steps may work at once.
        counts: finished steps by kind.
        failures: messages of failed steps.
    """

    stack: str
    project: str
    preview: bool
    ledger: Ledger
    packages: Packages
    watcher: Watcher
    disabled_providers: frozenset[str] = frozenset()
    cancelled: threading.Event = field(default_factory=threading.Event)
    slots: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(DEFAULT_PARALLEL))
    counts: dict[Op, int] = field(default_factory=dict[Op, int])
    steps: list[Step] = field(default_factory=list[Step])
    failures: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def refuse_when_over(self) -> None:
        """Raise when no new step may begin."""
        if self.cancelled.is_set():
            msg = "stopped before the end, as asked; what was done is in the state"
            raise InterruptedRunError(msg)
        if self.failures:
            msg = "a step failed"
            raise StepFailedError(msg)

    def is_over(self) -> bool:
        """Whether no new step may begin."""
        return self.cancelled.is_set() or bool(self.failures)

    def context(self, *, urn: str, type_token: str, name: str, timeout: float | None, provider: str) -> StepContext:
        """What a provider gets to know of a step; `provider` is the URN of the provider resource."""
        return StepContext(
            urn=urn,
            type=type_token,
            name=name,
            preview=self.preview,
            timeout=timeout,
            provider_config=self.packages.config(provider),
            report=lambda line: self.watcher.progress(urn, line),
            cancelled=self.cancelled.is_set,
            over=self.is_over,
        )

    @contextmanager
    def step(self, step: Step) -> Generator[None]:
        """Tell the watcher of a step around doing it.

        Raises:
            StepFailedError: it went wrong; the watcher knows why.
        """
        self.watcher.started(step)
        try:
            yield
        except (StepFailedError, InterruptedRunError):
            # It was not begun: another one failed, or the user asked to stop.
            self.watcher.failed(step, "")
            raise
        except (ProviderError, EngineError) as error:
            self.fail(step, str(error))
            raise StepFailedError(str(error)) from error
        except Exception as error:
            self.fail(step, f"internal error: {type(error).__name__}: {error}")
            raise
        self.count(step)
        self.watcher.finished(step)

    def fail(self, step: Step, message: str) -> None:
        """Note that a step failed; no new one begins after it."""
        with self.lock:
            self.failures.append(f"{step.type} {step.name}: {message}")
        self.watcher.failed(step, message)

    def count(self, step: Step) -> None:
        """Add a finished step to the sums."""
        with self.lock:
            self.counts[step.op] = self.counts.get(step.op, 0) + 1
            self.steps.append(step)

    def delete(self, state: ResourceState, *, to_be_replaced: bool = False, taken_along: bool = False) -> None:
        """Delete one resource.

        Args:
            state: the resource.
            to_be_replaced: it is made anew right after.
            taken_along: the deletion of another resource takes it along.

        Raises:
            StepFailedError: it went wrong; the watcher knows why.
        """
        step = Step(
            op=Op.DELETE_REPLACED if to_be_replaced or state.delete else Op.DELETE,
            urn=state.urn,
            type=state.type,
            name=state.name,
            parent=state.parent,
            custom=state.custom,
            note="kept, only forgotten" if state.retain_on_delete else "",
        )
        real = state.custom and urns.provider_package(state.type) is None
        with self.step(step):
            if self.preview or not real or state.retain_on_delete or taken_along:
                self.ledger.deleted(state, to_be_replaced=to_be_replaced)
                return
            context = self.context(
                urn=state.urn,
                type_token=state.type,
                name=state.name,
                timeout=state.timeouts.get("delete"),
                provider=urns.split_provider_reference(state.provider)[0],
            )
            old = Created(id=state.id, outputs=unwrap(state.outputs))
            with self.slots, self.ledger.operation("deleting", state):
                self.packages.provider(state.package).delete(context, old, unwrap(state.inputs))
                self.ledger.deleted(state, to_be_replaced=to_be_replaced)


def step_of(goal: Goal, op: Op) -> Step:
    """The step that brings `goal` about."""
    return Step(op=op, urn=goal.urn, type=goal.type, name=goal.name, parent=goal.parent, custom=goal.custom)


def state_of(
    goal: Goal, old: ResourceState | None, *, inputs: Properties, outputs: Properties, identity: str = ""
) -> ResourceState:
    """The state of a resource that reached its goal."""
    unchanged = old is not None and old.inputs == inputs and old.outputs == outputs
    return ResourceState(
        urn=goal.urn,
        type=goal.type,
        custom=goal.custom,
        id=identity,
        inputs=inputs,
        outputs=outputs,
        parent=goal.parent,
        provider=goal.provider,
        dependencies=goal.dependencies,
        property_dependencies=goal.property_dependencies,
        protect=goal.protect,
        retain_on_delete=goal.retain_on_delete,
        deleted_with=goal.deleted_with,
        additional_secret_outputs=goal.additional_secret_outputs,
        aliases=tuple(alias.urn for alias in goal.aliases if alias.urn),
        ignore_changes=goal.ignore_changes,
        replace_on_changes=goal.replace_on_changes,
        timeouts=goal.timeouts,
        created=old.created if old else now(),
        modified=old.modified if old is not None and unchanged else now(),
        extra=old.extra if old else {},
    )
