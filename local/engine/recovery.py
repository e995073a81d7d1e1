"""Picks up what a killed run left behind, and looks at what really exists."""

from dataclasses import replace
from typing import Final, cast

from local.engine import urn as urns
from local.engine.events import Op, Step
from local.engine.providers.base import Created, Properties
from local.engine.run import Run
from local.engine.state import PendingOperation, ResourceState
from local.engine.values import annotate_secrets, hide_properties, mark_outputs, unwrap

_CUT_OFF: Final = "the run that was working on it was cut off"
# Nothing outside the state could tell how these are.
_ONLY_IN_STATE: Final = frozenset({"random"})


def recover(run: Run, pending: tuple[PendingOperation, ...]) -> None:
    """Find out how the steps ended that were under way when a run died, and set the ledger right.

    What was being created and exists is adopted and brought to its goal by the next step on it; what was being
    updated is updated again; what was being deleted and is gone is forgotten.
    """
    for operation in pending:
        match operation.type:
            case "creating":
                _recover_created(run, operation.resource)
            case "updating":
                old = run.ledger.old(operation.resource.urn)
                if old is not None:
                    run.ledger.update_old(old, replace(old, init_errors=(_CUT_OFF,)))
            case "deleting":
                _recover_deleted(run, operation.resource)
            case _:
                continue


def _recover_created(run: Run, begun: ResourceState) -> None:
    found = _read(run, replace(begun, id=""))
    known = any(found is not None and s.urn == begun.urn and s.id == found.id for s in run.ledger.olds())
    if known:
        return
    if found is None:
        run.watcher.message("info", f"{begun.type} {begun.name}: its creation was cut off before anything existed")
        return
    step = Step(
        op=Op.ADOPT,
        urn=begun.urn,
        type=begun.type,
        name=begun.name,
        parent=begun.parent,
        note="made by a run that died",
    )
    with run.step(step):
        adopted = replace(begun, id=found.id, outputs=_outputs(begun, found), init_errors=(_CUT_OFF,))
        run.ledger.adopt(adopted)


def _recover_deleted(run: Run, state: ResourceState) -> None:
    old = next((entry for entry in run.ledger.olds() if entry.urn == state.urn and entry.id == state.id), None)
    if old is not None and _read(run, state) is None:
        run.ledger.deleted(old)


def refresh(run: Run) -> None:
    """Make the state say what really exists. Changes nothing but the state.

    Raises:
        StepFailedError: something could not be looked up.
    """
    for state in run.ledger.olds():
        real = state.custom and urns.provider_package(state.type) is None and not state.pending_replacement
        if real and state.package not in _ONLY_IN_STATE:
            run.refuse_when_over()
            _refresh_one(run, state)


def _refresh_one(run: Run, state: ResourceState) -> None:
    step = Step(op=Op.REFRESH, urn=state.urn, type=state.type, name=state.name, parent=state.parent)
    found = _read(run, state)
    if found is None:
        with run.step(replace(step, op=Op.DELETE, note="it is gone")):
            run.ledger.deleted(state)
        return
    outputs = _outputs(state, found)
    live = found.outputs.get("__inputs")
    inputs = cast("Properties", annotate_secrets(live, state.inputs)) if isinstance(live, dict) else state.inputs
    inputs = hide_properties(inputs, frozenset(state.additional_secret_outputs))
    changed = {
        key: (state.inputs.get(key), inputs.get(key))
        for key in sorted(state.inputs.keys() | inputs.keys())
        if unwrap(state.inputs.get(key)) != unwrap(inputs.get(key))
    }
    with run.step(replace(step, op=Op.REFRESH if changed else Op.SAME, changed=changed)):
        run.ledger.update_old(state, replace(state, inputs=inputs, outputs=outputs))


def _read(run: Run, state: ResourceState) -> Created | None:
    context = run.context(
        urn=state.urn,
        type_token=state.type,
        name=state.name,
        timeout=None,
        provider=urns.split_provider_reference(state.provider)[0],
    )
    with run.slots:
        return run.packages.provider(state.package).read(context, state.id, unwrap(state.inputs))


def _outputs(state: ResourceState, found: Created) -> Properties:
    return mark_outputs(
        found.outputs, inputs=state.inputs, before=state.outputs, hidden=frozenset(state.additional_secret_outputs)
    )
