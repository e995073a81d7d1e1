"""Takes one resource to its goal: works out what must be done, does it, and records it."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from local.engine import property_paths, replacement
from local.engine import urn as urns
from local.engine.errors import BadInputError, EngineError
from local.engine.events import Op, Step
from local.engine.goal import Goal, ReadGoal, Registered
from local.engine.providers.base import Created, Diff, Properties, Provider, ProviderError, StepContext
from local.engine.run import Run, StepFailedError, state_of, step_of
from local.engine.state import ResourceState, now
from local.engine.values import Secret, annotate_secrets, contains_unknown, hide_properties, mark_outputs, unwrap

Check = Callable[[Goal, Properties], None]


class Steps:
    """The steps of `preview` and `up` on custom resources. Safe to use from many threads."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._doomed: set[str] = set()

    def resource(self, goal: Goal, old: ResourceState | None, check: Check | None) -> Registered:
        """Bring one resource to its goal.

        Raises:
            StepFailedError: it went wrong; the watcher knows why.
        """
        provider = self._run.packages.provider(goal.package)
        present = old if old is not None and not old.pending_replacement and not old.external else None
        with self._planning(goal, present):
            inputs = self._checked(provider, goal, present)
            if check is not None:
                check(goal, inputs)
            diff = Diff() if present is None else self._diff(provider, goal, present, inputs)
            if present is not None and diff.replace:
                self._refuse_protected(present)
                # The new half gets generated names of its own.
                inputs = self._checked(provider, goal, None)
        if present is None:
            return self._create(provider, goal, inputs, old)
        if diff.replace:
            return self._replace(provider, goal, inputs, present, diff)
        if diff.changed or present.init_errors:
            return self._update(provider, goal, inputs, present, diff)
        return self._same(goal, inputs, present)

    def read(self, goal: ReadGoal, provider_reference: str) -> Registered:
        """Look up a resource that the program only wants to see."""
        provider = self._run.packages.provider(urns.package_of(goal.type))
        step = Step(op=Op.READ, urn=goal.urn, type=goal.type, name=goal.name, parent=goal.parent)
        as_goal = Goal(
            urn=goal.urn,
            type=goal.type,
            name=goal.name,
            custom=True,
            parent=goal.parent,
            provider=provider_reference,
            inputs=goal.inputs,
            dependencies=goal.dependencies,
            additional_secret_outputs=goal.additional_secret_outputs,
        )
        if contains_unknown(goal.id):
            return Registered(urn=goal.urn)
        with self._run.step(step), self._run.slots:
            found = provider.read(self._context(as_goal, "read"), goal.id, unwrap(goal.inputs))
            if found is None:
                msg = f"there is no {goal.type} with the id {goal.id!r}"
                raise EngineError(msg)
            state = replace(_state(as_goal, None, goal.inputs, found), external=True)
            self._run.ledger.put(state, instead_of=self._run.ledger.old(goal.urn))
        return Registered(urn=goal.urn, id=found.id, outputs=state.outputs)

    # Working out ------------------------------------------------------------------------------------------------

    @contextmanager
    def _planning(self, goal: Goal, old: ResourceState | None) -> Generator[None]:
        """Errors before anything is done belong to the step that would have been."""
        step = step_of(goal, Op.CREATE if old is None else Op.UPDATE)
        try:
            yield
        except StepFailedError:
            raise
        except (ProviderError, EngineError) as error:
            self._run.fail(step, str(error))
            raise StepFailedError(str(error)) from error

    def _context(self, goal: Goal, kind: str) -> StepContext:
        provider_urn = urns.split_provider_reference(goal.provider)[0]
        return self._run.context(
            urn=goal.urn, type_token=goal.type, name=goal.name, timeout=goal.timeouts.get(kind), provider=provider_urn
        )

    def _checked(self, provider: Provider, goal: Goal, old: ResourceState | None) -> Properties:
        """Inputs as the provider completes them, secrets wrapped again."""
        inputs, old_inputs = goal.inputs, None
        if old is not None:
            inputs = property_paths.keep_old(inputs, old.inputs, goal.ignore_changes)
            old_inputs = unwrap(old.inputs)
        plain = provider.check(self._context(goal, "create"), old_inputs, unwrap(inputs))
        marked = cast("Properties", annotate_secrets(plain, inputs))
        return hide_properties(marked, frozenset(goal.additional_secret_outputs))

    def _diff(self, provider: Provider, goal: Goal, old: ResourceState, inputs: Properties) -> Diff:
        created = Created(id=old.id, outputs=unwrap(old.outputs))
        diff = provider.diff(self._context(goal, "update"), created, unwrap(old.inputs), unwrap(inputs))
        wanted = [property_paths.parse(text) for text in goal.replace_on_changes]
        forced = {
            path
            for path in diff.changed
            if any(property_paths.covers(pattern, property_paths.parse(path)) for pattern in wanted)
        }
        with self._lock:
            doomed = goal.urn in self._doomed
        changed = {
            path: (_as_secret(path, pair[0], old.inputs), _as_secret(path, pair[1], inputs))
            for path, pair in diff.changed.items()
        }
        extra = {"its dependencies"} if doomed and not diff.replace else set[str]()
        return replace(
            diff,
            changed=changed,
            replace=diff.replace | forced | extra,
            delete_before_replace=doomed
            or (diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace),
        )

    def _refuse_protected(self, old: ResourceState) -> None:
        if old.protect:
            msg = (
                "it is protected and would have to be replaced: take the change back, "
                "or set protect=False, run up once, and then make the change"
            )
            raise BadInputError(msg)

    # Doing ------------------------------------------------------------------------------------------------------

    def _same(self, goal: Goal, inputs: Properties, old: ResourceState) -> Registered:
        outputs = _outputs(goal, unwrap(old.outputs), inputs, old.outputs)
        with self._run.step(step_of(goal, Op.SAME)):
            state = state_of(goal, old, inputs=inputs, outputs=outputs, identity=old.id)
            self._run.ledger.put(state, instead_of=old, keep=False)
        return Registered(urn=goal.urn, id=old.id, outputs=outputs)

    def _create(self, provider: Provider, goal: Goal, inputs: Properties, entry: ResourceState | None) -> Registered:
        """`entry` stands in the state without being a resource of ours (deleted before, or only looked at)."""
        pending = entry is not None and entry.pending_replacement
        with self._run.step(step_of(goal, Op.REPLACE if pending else Op.CREATE)):
            return self._make(provider, goal, inputs, lambda state: self._put(state, entry))

    def _put(self, state: ResourceState, instead_of: ResourceState | None) -> None:
        self._run.ledger.put(state, instead_of=instead_of)

    def _replace(
        self, provider: Provider, goal: Goal, inputs: Properties, old: ResourceState, diff: Diff
    ) -> Registered:
        step = replace(step_of(goal, Op.REPLACE), changed=diff.changed, replace=diff.replace)
        with self._run.step(step):
            if not diff.delete_before_replace:
                return self._make(provider, goal, inputs, lambda state: self._run.ledger.replaced(state, old))
            dependents = replacement.dependents(self._run, old)
            for dependent in dependents:
                self._refuse_protected(dependent)
            if self._run.preview:
                with self._lock:
                    self._doomed.update(dependent.urn for dependent in dependents)
                # Asking the provider would be asking about the old one, which still has the name.
                self._put(state_of(goal, None, inputs=inputs, outputs=inputs), old)
                return Registered(urn=goal.urn, outputs=inputs)
            for condemned in (*reversed(dependents), old):
                self._run.delete(condemned, to_be_replaced=True)
            entry = self._run.ledger.old(goal.urn)
            return self._make(provider, goal, inputs, lambda state: self._put(state, entry))

    def _make(
        self, provider: Provider, goal: Goal, inputs: Properties, record: Callable[[ResourceState], None]
    ) -> Registered:
        """Create the resource and `record` it, also when it exists but is not ready."""
        begun = state_of(goal, None, inputs=inputs, outputs={})
        with self._run.slots, self._run.ledger.operation("creating", begun):
            self._run.refuse_when_over()
            try:
                created = provider.create(self._context(goal, "create"), unwrap(inputs))
            except ProviderError as error:
                if error.partial is not None:
                    state = _state(goal, None, inputs, error.partial)
                    record(replace(state, init_errors=(str(error),)))
                raise
            state = _state(goal, None, inputs, created)
            record(state)
        return Registered(urn=goal.urn, id=state.id, outputs=state.outputs)

    def _update(self, provider: Provider, goal: Goal, inputs: Properties, old: ResourceState, diff: Diff) -> Registered:
        note = "it was not ready" if old.init_errors and not diff.changed else ""
        step = replace(step_of(goal, Op.UPDATE), changed=diff.changed, note=note)
        begun = state_of(goal, old, inputs=inputs, outputs=old.outputs, identity=old.id)
        was = Created(id=old.id, outputs=unwrap(old.outputs))
        with self._run.step(step), self._run.slots, self._run.ledger.operation("updating", begun):
            self._run.refuse_when_over()
            try:
                updated = provider.update(self._context(goal, "update"), was, unwrap(old.inputs), unwrap(inputs))
            except ProviderError as error:
                if error.partial is not None:
                    failed = replace(_state(goal, old, inputs, error.partial), init_errors=(str(error),))
                    self._put(failed, old)
                raise
            state = _state(goal, old, inputs, updated)
            self._put(state, old)
        return Registered(urn=goal.urn, id=state.id, outputs=state.outputs)


def _state(goal: Goal, old: ResourceState | None, inputs: Properties, created: Created) -> ResourceState:
    outputs = _outputs(goal, created.outputs, inputs, {})
    state = state_of(goal, old, inputs=inputs, outputs=outputs, identity=created.id)
    return replace(state, modified=now())


def _outputs(goal: Goal, plain: Properties, inputs: Properties, before: Properties) -> Properties:
    return mark_outputs(plain, inputs=inputs, before=before, hidden=frozenset(goal.additional_secret_outputs))


def _as_secret(path: str, value: Any, inputs: Properties) -> Any:
    """A changed value wrapped when it lies in something secret."""
    node: Any = inputs
    for part in property_paths.parse(path):
        if isinstance(node, Secret):
            break
        if isinstance(node, dict):
            node = cast("Properties", node).get(str(part))
        elif isinstance(node, list) and isinstance(part, int) and part < len(cast("list[Any]", node)):
            node = cast("list[Any]", node)[part]
        else:
            return value
    return Secret(value) if isinstance(node, Secret) and value is not None else annotate_secrets(value, node)
