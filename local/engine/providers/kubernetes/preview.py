"""What an apply would give, asked of the API server without changing anything."""

from typing import cast

from local.engine.providers.base import Created, Properties, ProviderError
from local.engine.providers.kubernetes.apply import Applier
from local.engine.providers.kubernetes.errors import (
    ApiError,
    NoSuchKindError,
    UnreachableError,
    tell_refusal,
)
from local.engine.providers.kubernetes.kinds import Kind, Ref
from local.engine.providers.kubernetes.objects import dig_map, dig_text, has_unknown
from local.engine.providers.kubernetes.outputs import (
    INITIAL_API_VERSION,
    field_manager,
    record,
    recorded_manager,
)

# What a later step of the same update may still bring about: rights, quotas, priority classes, namespaces that
# are on their way out or not there yet, objects that this update deletes first.
_MAY_PASS_LATER = frozenset({401, 403, 404, 409})
_NAMESPACE = Kind("v1", "Namespace")


def preview_create(applier: Applier, news: Properties) -> Created:
    """A new object as the API server would complete it; the wanted inputs where that cannot be asked yet.

    Raises:
        ProviderError: the API server would refuse the object for what it says.
    """
    as_wanted = Created(id="", outputs=dict(news))
    if has_unknown(news) or not _is_askable(applier, news):
        return as_wanted
    found = _ask(applier, news, field_manager(applier.context.urn))
    return as_wanted if found is None else Created(id="", outputs=found.outputs)


def preview_update(applier: Applier, old: Created, news: Properties) -> Created:
    """The changed object as the API server would complete it; the wanted inputs over the recorded outputs else.

    Raises:
        ProviderError: the API server would refuse the change, or other managers own fields of it.
    """
    metadata = {**dig_map(old.outputs, "metadata"), **dig_map(news, "metadata")}
    as_wanted = Created(id=old.id, outputs={**old.outputs, **news, "metadata": metadata})
    if has_unknown(news) or not _is_askable(applier, news):
        return as_wanted
    manager = recorded_manager(old.outputs, applier.context.urn)
    found = _ask(applier, news, manager, dig_text(old.outputs, INITIAL_API_VERSION), updating=True)
    return as_wanted if found is None else Created(id=old.id, outputs=found.outputs)


def _is_askable(applier: Applier, news: Properties) -> bool:
    """Whether the kind and the namespace exist already."""
    kind = Kind(dig_text(news, "apiVersion") or applier.kind.api_version, applier.kind.name)
    try:
        if not applier.cluster.is_served(kind):
            return False
        namespace = dig_text(news, "metadata", "namespace")
        if not namespace or not applier.cluster.is_namespaced(kind):
            return True
        return applier.cluster.get(Ref(_NAMESPACE, "", namespace)) is not None
    except (ApiError, UnreachableError):
        return False


def _ask(
    applier: Applier,
    news: Properties,
    manager: str,
    initial: str = "",
    *,
    updating: bool = False,
) -> Created | None:
    ref = applier.ref(news)
    try:
        live = applier.send(ref, news, manager, dry_run=True)
    except (NoSuchKindError, UnreachableError):
        return None
    except ApiError as error:
        if error.is_conflict and updating:
            raise ProviderError(tell_refusal(ref, "change", error)) from error
        if error.code in _MAY_PASS_LATER or "dry run" in error.message or error.code >= 500:
            return None
        raise ProviderError(tell_refusal(ref, "apply", error)) from error
    created = record(live, news, manager, initial)
    if not updating:
        # A status or uid that was made up for the dry run is not one to build on.
        created.outputs.pop("status", None)
        cast("Properties", created.outputs["metadata"]).pop("uid", None)
    return created
