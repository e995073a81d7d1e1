"""The kubernetes provider as the engine calls it."""

import os
import threading
from dataclasses import dataclass, field

from local.engine.providers.base import Created, Diff, Properties, ProviderError, StepContext
from local.engine.providers.kubernetes.apply import Applier
from local.engine.providers.kubernetes.check import check_inputs
from local.engine.providers.kubernetes.client import Cluster
from local.engine.providers.kubernetes.config import ProviderConfig, parse_config
from local.engine.providers.kubernetes.delete import delete_object
from local.engine.providers.kubernetes.diff import diff_inputs
from local.engine.providers.kubernetes.errors import ApiError, UnreachableError, tell_refusal
from local.engine.providers.kubernetes.kinds import Kind, Ref, parse_type
from local.engine.providers.kubernetes.kubeconfig import Kubeconfig, load_kubeconfig
from local.engine.providers.kubernetes.objects import clean, dig_map, dig_text
from local.engine.providers.kubernetes.outputs import (
    INITIAL_API_VERSION,
    INPUTS,
    applying_managers,
    field_manager,
    live_inputs,
    record,
)
from local.engine.providers.kubernetes.preview import preview_create, preview_update
from local.engine.providers.kubernetes.ready.patience import HOPELESS_AFTER
from local.engine.providers.kubernetes.transport import connect

_Key = tuple[ProviderConfig, str]


@dataclass(slots=True)
class _Place:
    """Everything about one cluster that is looked up once."""

    kubeconfig: Kubeconfig | None = None
    cluster: Cluster | None = None
    away: str = ""
    asked: bool = False
    warned: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class KubernetesProvider:
    """Implements `local.engine.providers.base.Provider` for the package `kubernetes`. Thread-safe.

    Args:
        hopeless_after: seconds after which a crash loop or a missing image without any progress ends a wait.
    """

    def __init__(self, *, hopeless_after: float = HOPELESS_AFTER) -> None:
        self._hopeless_after = hopeless_after
        self._places: dict[_Key, _Place] = {}
        self._lock = threading.Lock()

    def check(self, context: StepContext, olds: Properties | None, news: Properties) -> Properties:
        """Normalise and complete inputs; see `check_inputs`. Touches no network."""
        kind = parse_type(context.type)
        return check_inputs(kind, context.name, olds, news, self._namespace(context))

    def diff(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Diff:
        """Compare recorded inputs with wanted, checked inputs."""
        return diff_inputs(parse_type(context.type), old, old_inputs, news, parse_config(context.provider_config))

    def create(self, context: StepContext, news: Properties) -> Created:
        """Create and wait; in a preview, ask the API server what would come of it."""
        if context.preview:
            applier = self._preview_applier(context)
            return Created(id="", outputs=dict(news)) if applier is None else preview_create(applier, news)
        return self._applier(context).create(news)

    def update(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Created:
        """Change in place and wait; in a preview, ask the API server what would come of it."""
        del old_inputs
        if context.preview:
            applier = self._preview_applier(context)
            if applier is None:
                return Created(id=old.id, outputs={**old.outputs, **news})
            return preview_update(applier, old, news)
        return self._applier(context).update(old, news)

    def read(self, context: StepContext, id: str, inputs: Properties) -> Created | None:  # noqa: A002
        """The live object with its inputs as they really are, or None when it is gone."""
        applier_kind = parse_type(context.type)
        kind = Kind(dig_text(inputs, "apiVersion") or applier_kind.api_version, applier_kind.name)
        namespace, _, name = id.rpartition("/")
        if not name:
            # What was being created when a run died has no id yet; an empty name would be the whole collection.
            namespace, name = dig_text(inputs, "metadata", "namespace"), dig_text(inputs, "metadata", "name")
            if not name:
                return None
        config = parse_config(context.provider_config)
        try:
            cluster = self._cluster(config)
            if not namespace and kind.seems_namespaced and cluster.is_served(kind):
                namespace = self._namespace(context) if cluster.is_namespaced(kind) else ""
            ref = Ref(kind, namespace, name)
            live = cluster.get(ref)
        except UnreachableError as error:
            if config.delete_unreachable:
                return None
            raise ProviderError(
                f"{kind.name} {id} cannot be read: {error}\nWay out: start the cluster; or, when it is gone for "
                "good, set PULUMI_K8S_DELETE_UNREACHABLE=true to drop its objects from the state."
            ) from error
        except ApiError as error:
            raise ProviderError(tell_refusal(Ref(kind, namespace, name), "read", error)) from error
        if live is None:
            return None
        managers = applying_managers(live)
        own = field_manager(context.urn)
        manager = own if own in managers or not managers else managers[0]
        wanted = clean(inputs)
        seen = live_inputs(kind, live, wanted) if wanted else wanted
        initial = dig_text(dig_map(inputs, INPUTS), "apiVersion") or dig_text(inputs, INITIAL_API_VERSION)
        return record(live, seen, manager, initial)

    def delete(self, context: StepContext, old: Created, old_inputs: Properties) -> None:
        """Delete and wait until gone; what is already gone is no error."""
        kind = parse_type(context.type)
        kind = Kind(dig_text(old.outputs, "apiVersion") or kind.api_version, kind.name)
        namespace, _, name = old.id.rpartition("/")
        config = parse_config(context.provider_config)
        try:
            cluster = self._cluster(config)
        except UnreachableError as error:
            if config.delete_unreachable:
                context.report("the cluster cannot be reached; dropped from the state as asked")
                return
            raise ProviderError(f"{kind.name} {old.id} cannot be deleted: {error}") from error
        delete_object(cluster, Ref(kind, namespace, name), context, old, old_inputs)
        if kind.name == "CustomResourceDefinition":
            cluster.forget_kinds()

    def invoke(self, token: str, arguments: Properties, provider_config: Properties) -> Properties:
        """None of the package's functions is offered. Raises ProviderError."""
        del arguments, provider_config
        raise ProviderError(
            f"{token}: the embedded engine offers no function of the kubernetes package. "
            "Declare typed resources instead, or run this stack with the Pulumi CLI."
        )

    def _place(self, config: ProviderConfig) -> _Place:
        key = (config, os.environ.get("KUBECONFIG", ""))
        with self._lock:
            return self._places.setdefault(key, _Place())

    def _kubeconfig(self, config: ProviderConfig) -> Kubeconfig:
        place = self._place(config)
        with place.lock:
            if place.kubeconfig is None:
                place.kubeconfig = load_kubeconfig(config)
            return place.kubeconfig

    def _namespace(self, context: StepContext) -> str:
        config = parse_config(context.provider_config)
        if config.namespace or not config.known:
            return config.namespace or "default"
        try:
            return self._kubeconfig(config).namespace(config)
        except UnreachableError:
            return "default"

    def _cluster(self, config: ProviderConfig) -> Cluster:
        if not config.known:
            raise UnreachableError("its kubeconfig is not known yet.")
        kubeconfig, place = self._kubeconfig(config), self._place(config)
        with place.lock:
            if place.cluster is None:
                place.cluster = Cluster(connect(config, kubeconfig))
            return place.cluster

    def _applier(self, context: StepContext) -> Applier:
        kind, config = parse_type(context.type), parse_config(context.provider_config)
        try:
            cluster = self._cluster(config)
        except UnreachableError as error:
            raise ProviderError(f"{kind.name} {context.name!r}: {error}") from error
        return Applier(cluster=cluster, config=config, kind=kind, context=context, hopeless_after=self._hopeless_after)

    def _preview_applier(self, context: StepContext) -> Applier | None:
        """None when the cluster cannot be asked; the first step that finds out says so."""
        kind, config = parse_type(context.type), parse_config(context.provider_config)
        place = self._place(config)
        try:
            cluster = self._cluster(config)
        except UnreachableError as error:
            why = str(error)
        else:
            why = self._why_away(place, cluster)
            if not why:
                return Applier(cluster=cluster, config=config, kind=kind, context=context)
        with place.lock:
            first, place.warned = not place.warned, True
        if first and config.known:
            context.report(f"warning: {why} This preview compares inputs only.")
        return None

    def _why_away(self, place: _Place, cluster: Cluster) -> str:
        """Why the server does not answer, asked once; empty when it does."""
        with place.lock:
            if not place.asked:
                place.asked = True
                try:
                    cluster.ping()
                except (UnreachableError, ApiError) as error:
                    place.away = str(error).rstrip(".") + "."
            return place.away
