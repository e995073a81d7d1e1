"""What a stack really consists of: each of its objects read from the cluster, and those that nobody declared."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, cast

from local import paths
from local.engine import urn as urns
from local.engine.errors import EngineError
from local.engine.goal import Goal
from local.engine.providers.base import Properties, ProviderError
from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.config import parse_config
from local.engine.providers.kubernetes.errors import ApiError, UnreachableError
from local.engine.providers.kubernetes.kinds import Kind, Ref, parse_type
from local.engine.providers.kubernetes.kubeconfig import load_kubeconfig
from local.engine.providers.kubernetes.objects import READ_ONLY_METADATA, Obj, dig_list, dig_text
from local.engine.providers.kubernetes.transport import connect
from local.engine.state import ResourceState
from local.engine.values import annotate_secrets, unwrap
from local.stacks import LOCAL_CONTEXT

_PARALLEL: Final = 16
_PACKAGE: Final = "kubernetes"
# Kinds that make pods or open a way to them: nobody may add one beside the program unseen.
_LOOKED_FOR: Final = (
    Kind("v1", "Pod"),
    Kind("v1", "Service"),
    Kind("apps/v1", "DaemonSet"),
    Kind("apps/v1", "Deployment"),
    Kind("apps/v1", "ReplicaSet"),
    Kind("apps/v1", "StatefulSet"),
    Kind("batch/v1", "CronJob"),
    Kind("batch/v1", "Job"),
    Kind("networking.k8s.io/v1", "Ingress"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("rbac.authorization.k8s.io/v1", "Role"),
    Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
)


class Reader(Protocol):
    """The part of a cluster's client that is needed here."""

    def get(self, ref: Ref) -> Obj | None:
        """The object, or None when it does not exist."""
        ...

    def list(self, kind: Kind, namespace: str) -> list[Obj]:
        """Objects of a kind in a namespace."""
        ...


Open = Callable[[Properties], Reader]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What there is.

    Attributes:
        goals: every resource, a Kubernetes object as the cluster has it.
        gone: objects that the state knows and the cluster does not, such as `Job airflow/migration`.
        strays: objects in the stack's namespaces that the state does not know and no other object owns.
    """

    goals: tuple[Goal, ...]
    gone: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()


def open_cluster(config: Properties) -> Reader:
    """The cluster that a provider's inputs name."""
    parsed = parse_config(config)
    if parsed.context == LOCAL_CONTEXT:
        os.environ["KUBECONFIG"] = str(paths.kubeconfig())
    return Cluster(connect(parsed, load_kubeconfig(parsed)))


def recorded(states: Iterable[ResourceState]) -> Observed:
    """What the state says there is."""
    return Observed(goals=tuple(_goal(state, state.inputs) for state in _standing(states)))


def observe(states: Sequence[ResourceState], open_one: Open = open_cluster) -> Observed:
    """What the clusters say there is.

    Args:
        states: of the stack.
        open_one: opens the cluster of a provider.

    Raises:
        EngineError: a cluster does not answer.
    """
    standing = list(_standing(states))
    try:
        readers = {s.urn: open_one(unwrap(s.inputs)) for s in standing if urns.provider_package(s.type) == _PACKAGE}
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            found = list(pool.map(partial(_read, readers=readers), standing))
            strays = [stray for urn, reader in readers.items() for stray in _strays(urn, reader, standing, pool)]
    except (UnreachableError, ApiError, ProviderError) as error:
        msg = f"the deployed stack cannot be read: {error}\nWay out: start its cluster, or judge the state file alone."
        raise EngineError(msg) from error
    goals = [_goal(state, inputs) for state, inputs in zip(standing, found, strict=True) if inputs is not None]
    return Observed(
        goals=(*goals, *strays),
        gone=tuple(_title(state) for state, inputs in zip(standing, found, strict=True) if inputs is None),
        strays=tuple(f"{goal.type.rpartition(':')[2]} {goal.name}" for goal in strays),
    )


def _standing(states: Iterable[ResourceState]) -> Iterator[ResourceState]:
    """Resources that exist by right: not those that only wait to be deleted, nor what the program merely looks at."""
    return (s for s in states if not (s.delete or s.external or s.pending_replacement))


def _read(state: ResourceState, readers: Mapping[str, Reader]) -> Properties | None:
    """The properties to judge, None when the object is gone."""
    reader = readers.get(urns.split_provider_reference(state.provider)[0]) if state.provider else None
    if reader is None or state.package != _PACKAGE:
        return state.inputs
    live = reader.get(_ref(state))
    return None if live is None else cast("Properties", annotate_secrets(_bare(live), state.inputs))


def _strays(provider: str, reader: Reader, states: Sequence[ResourceState], pool: ThreadPoolExecutor) -> list[Goal]:
    mine = [s for s in states if s.provider and urns.split_provider_reference(s.provider)[0] == provider]
    known = {(ref.kind.group, ref.kind.name, ref.id) for ref in map(_ref, mine)}
    namespaces = sorted(state.id for state in mine if state.type.endswith(":Namespace"))
    kinds = [kind for _ in namespaces for kind in _LOOKED_FOR]
    spaces = [namespace for namespace in namespaces for _ in _LOOKED_FOR]
    found = zip(kinds, pool.map(reader.list, kinds, spaces), strict=True)
    root = urns.parse(provider)
    return [
        _stray(root, kind, live)
        for kind, objects in found
        for live in objects
        if not dig_list(live, "metadata", "ownerReferences") and (kind.group, kind.name, _id(live)) not in known
    ]


def _stray(root: urns.Urn, kind: Kind, live: Obj) -> Goal:
    token = f"{_PACKAGE}:{kind.api_version}:{kind.name}"
    urn = urns.build(root.stack, root.project, "", token, _id(live))
    return Goal(urn=urn, type=token, name=_id(live), custom=True, inputs=_bare(live))


def _id(live: Obj) -> str:
    return f"{dig_text(live, 'metadata', 'namespace')}/{dig_text(live, 'metadata', 'name')}"


def _ref(state: ResourceState) -> Ref:
    kind = parse_type(state.type)
    namespace, _, name = state.id.rpartition("/")
    return Ref(Kind(dig_text(unwrap(state.inputs), "apiVersion") or kind.api_version, kind.name), namespace, name)


def _bare(live: Obj) -> Properties:
    """An object without what the cluster alone writes into it."""
    metadata = {key: value for key, value in live.get("metadata", {}).items() if key not in READ_ONLY_METADATA}
    return {key: value for key, value in live.items() if key != "status"} | {"metadata": metadata}


def _goal(state: ResourceState, inputs: Properties) -> Goal:
    return Goal(
        urn=state.urn,
        type=state.type,
        name=state.name,
        custom=state.custom,
        parent=state.parent,
        provider=state.provider,
        inputs=inputs,
        dependencies=state.dependencies,
        protect=state.protect,
    )


def _title(state: ResourceState) -> str:
    return f"{state.type.rpartition(':')[2]} {state.id}"
