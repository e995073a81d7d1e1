"""What the program asks for: one registration, free of protobuf."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pulumi.runtime.proto import alias_pb2, resource_pb2

from local.engine import urn as urns
from local.engine.errors import BadInputError
from local.engine.providers.base import Properties
from local.engine.values import from_struct

_DURATION_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One resource as the program wants it.

    Attributes:
        provider: reference of its explicit provider, or "".
        version: of the package that the SDK was built from; names the default provider.
        inputs: as sent, secrets wrapped.
        delete_before_replace: None when the program does not say.
        timeouts: seconds by "create", "update", "delete".
        deleted_with: URN of a resource whose deletion takes this one along, or "".
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str = ""
    provider: str = ""
    version: str = ""
    inputs: Properties = field(default_factory=dict[str, Any])
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[urns.Alias, ...] = ()
    timeouts: Mapping[str, float] = field(default_factory=dict[str, float])
    deleted_with: str = ""

    @property
    def package(self) -> str:
        """The package that serves it."""
        return urns.package_of(self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGoal:
    """A resource that exists already and that the program only looks at."""

    urn: str
    type: str
    name: str
    id: str
    parent: str
    provider: str
    version: str
    inputs: Properties
    dependencies: tuple[str, ...]
    additional_secret_outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The answer to a registration. An empty id of a custom resource means: not known yet."""

    urn: str
    id: str = ""
    outputs: Properties = field(default_factory=dict[str, Any])


class Registrar(Protocol):
    """Who answers the program. Called from many threads at once.

    Any `EngineError` raised here ends the program; the caller reports it.
    """

    def register(self, goal: Goal) -> Registered:
        """Bring one resource to its goal (or work out what that would take) and answer with its outputs."""
        ...

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """Keep the outputs of a component, or of the stack."""
        ...

    def read(self, goal: ReadGoal) -> Registered:
        """Look up a resource that exists already."""
        ...

    def invoke(self, token: str, arguments: Properties, provider: str, version: str) -> Properties | None:
        """Call a function of a package; None when the answer is not known in a preview."""
        ...


def goal_from_request(request: resource_pb2.RegisterResourceRequest, stack: str, project: str) -> Goal:
    """Take a registration off the wire.

    Raises:
        BadInputError: the program uses a feature that the embedded engine does not have.
    """
    _refuse_unsupported(request)
    return Goal(
        urn=urns.build(stack, project, request.parent, request.type, request.name),
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        provider=request.provider or _provider_of_package(request),
        version=request.version,
        inputs=from_struct(request.object),
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies={
            key: tuple(sorted(value.urns)) for key, value in sorted(request.propertyDependencies.items())
        },
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=(*(urns.Alias(urn=old) for old in request.aliasURNs), *map(_alias, request.aliases)),
        timeouts=_timeouts(request),
        deleted_with=request.deletedWith,
    )


def read_goal_from_request(request: resource_pb2.ReadResourceRequest, stack: str, project: str) -> ReadGoal:
    """Take a look-up off the wire. Raises BadInputError for a stack reference."""
    _refuse_builtin(request.type, request.name)
    return ReadGoal(
        urn=urns.build(stack, project, request.parent, request.type, request.name),
        type=request.type,
        name=request.name,
        id=request.id,
        parent=request.parent,
        provider=request.provider,
        version=request.version,
        inputs=from_struct(request.properties),
        dependencies=tuple(sorted(request.dependencies)),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
    )


def _refuse_builtin(type_token: str, name: str) -> None:
    if type_token.startswith("pulumi:pulumi:") and type_token != urns.STACK_TYPE:
        msg = (
            f"{name}: the embedded engine has no {type_token.rsplit(':', 1)[-1]}; "
            "pass the value as configuration, or use the Pulumi CLI"
        )
        raise BadInputError(msg)


def _refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    _refuse_builtin(request.type, request.name)
    features = {
        "import": bool(request.importId),
        "a remote component": request.remote,
        "transforms": bool(request.transforms),
        "replace_with": bool(request.replace_with),
        "a parameterized package": bool(request.packageRef),
    }
    wanted = [feature for feature, used in features.items() if used]
    if wanted:
        msg = f"{request.name}: the embedded engine does not support {', '.join(wanted)}; use the Pulumi CLI"
        raise BadInputError(msg)


def _provider_of_package(request: resource_pb2.RegisterResourceRequest) -> str:
    """A component hands its children providers by package; the resource itself may be named there too."""
    if not request.custom:
        return ""
    return request.providers.get(urns.package_of(request.type), "")


def _alias(alias: alias_pb2.Alias) -> urns.Alias:
    if alias.WhichOneof("alias") == "urn":
        return urns.Alias(urn=alias.urn)
    spec = alias.spec
    former_parent = "" if spec.noParent else spec.parentUrn or None
    return urns.Alias(name=spec.name, type=spec.type, stack=spec.stack, project=spec.project, parent=former_parent)


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> dict[str, float]:
    given = {
        "create": request.customTimeouts.create,
        "update": request.customTimeouts.update,
        "delete": request.customTimeouts.delete,
    }
    return {step: duration_seconds(text, request.name) for step, text in given.items() if text}


def duration_seconds(text: str, owner: str) -> float:
    """Seconds of a Go duration such as `1h30m`. Raises BadInputError naming `owner` when it is none."""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        msg = f"{owner}: {text!r} is no duration; write for example 90s, 10m or 1h30m"
        raise BadInputError(msg)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
