"""Which resources must go, and come back, together with one that is deleted before its replacement exists."""

from dataclasses import replace

from local.engine import urn as urns
from local.engine.providers.base import UNKNOWN, Created
from local.engine.run import Run
from local.engine.state import ResourceState
from local.engine.values import unwrap


def dependents(run: Run, old: ResourceState) -> list[ResourceState]:
    """Everything that would have to be replaced because `old` is, dependencies first, without `old` itself.

    A resource counts when its own provider says that it must be replaced as soon as the values it takes from
    what goes are no longer known.
    """
    gone = {old.urn}
    found: list[ResourceState] = []
    for candidate in run.ledger.olds():
        if candidate.urn not in gone and _must_go(run, candidate, gone):
            gone.add(candidate.urn)
            found.append(candidate)
    return found


def _must_go(run: Run, state: ResourceState, gone: set[str]) -> bool:
    standing = state.custom and not state.delete and not state.external and not state.pending_replacement
    if not standing or urns.provider_package(state.type) is not None or not state.needs & gone:
        return False
    used = state.property_dependencies
    touched = {key for key, sources in used.items() if gone & set(sources)} if used else set(state.inputs)
    if not touched:
        return False
    olds = unwrap(state.inputs)
    news = {key: UNKNOWN if key in touched else value for key, value in olds.items()}
    context = replace(
        run.context(
            urn=state.urn,
            type_token=state.type,
            name=state.name,
            timeout=None,
            provider=urns.split_provider_reference(state.provider)[0],
        ),
        preview=True,
    )
    was = Created(id=state.id, outputs=unwrap(state.outputs))
    diff = run.packages.provider(state.package).diff(context, was, olds, news)
    return bool(diff.replace)
