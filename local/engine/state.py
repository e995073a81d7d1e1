"""The state of a stack: what exists, as checkpoint version 3 of the Pulumi CLI writes it down."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

from local.engine import urn as urns
from local.engine.crypto import Crypter
from local.engine.errors import BadInputError
from local.engine.providers.base import Properties
from local.engine.values import RESOURCE_SIGNATURE, SECRET_SIGNATURE, SIGNATURE_KEY, ResourceReference, Secret

# The version of the wire the engine speaks; other versions of the CLI accept it.
ENGINE_VERSION: Final = "v3.272.0"
CHECKPOINT_VERSION: Final = 3

# Field of `ResourceState` -> key in the file, for what is written when it says something.
_OPTIONAL_KEYS: Final = {
    "parent": "parent",
    "protect": "protect",
    "external": "external",
    "provider": "provider",
    "pending_replacement": "pendingReplacement",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "created": "created",
    "modified": "modified",
    "timeouts": "customTimeouts",
}
_LIST_KEYS: Final = {
    "dependencies": "dependencies",
    "init_errors": "initErrors",
    "additional_secret_outputs": "additionalSecretOutputs",
    "aliases": "aliases",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
}
_OTHER_KEYS: Final = ("urn", "custom", "delete", "id", "type", "inputs", "outputs", "propertyDependencies")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceState:
    """One resource as the state knows it.

    Attributes:
        delete: it was replaced and is still to be deleted.
        external: the program only looks at it; it is never deleted.
        init_errors: why it is not ready although it exists; empty when all is well.
        pending_replacement: it was deleted to be made anew, which has not happened yet.
        timeouts: seconds by step.
        extra: keys of the file that this engine does not use, kept as they are.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict[str, Any])
    outputs: Properties = field(default_factory=dict[str, Any])
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    protect: bool = False
    delete: bool = False
    external: bool = False
    retain_on_delete: bool = False
    pending_replacement: bool = False
    deleted_with: str = ""
    init_errors: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    timeouts: Mapping[str, float] = field(default_factory=dict[str, float])
    created: str = ""
    modified: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """Its logical name."""
        return urns.parse(self.urn).name

    @property
    def package(self) -> str:
        """The package that serves it."""
        return urns.package_of(self.type)

    @property
    def needs(self) -> frozenset[str]:
        """URNs of everything that must exist while it does."""
        through_properties = {urn for used in self.property_dependencies.values() for urn in used}
        provider = urns.split_provider_reference(self.provider)[0] if self.provider else ""
        single = {self.parent, provider, self.deleted_with}
        return frozenset({*self.dependencies, *through_properties, *single} - {""})


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingOperation:
    """A step that was begun and of which nobody knows how it ended.

    Attributes:
        type: creating, updating, deleting or reading.
    """

    resource: ResourceState
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a stack consists of, dependencies first.

    Attributes:
        extra: keys of the deployment that this engine does not use.
    """

    resources: tuple[ResourceState, ...] = ()
    pending: tuple[PendingOperation, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])


def now() -> str:
    """The present moment as the state writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class StateWriter:
    """Writes snapshots as text. A resource that did not change since the last time is not encrypted again."""

    def __init__(self, stack: str, crypter: Crypter) -> None:
        """`stack` is the whole name: `organization/<project>/<stack>`."""
        self._stack = stack
        self._crypter = crypter
        self._written: dict[int, tuple[ResourceState, str]] = {}

    def text(self, snapshot: Snapshot) -> str:
        """The whole file."""
        written: dict[int, tuple[ResourceState, str]] = {}
        for resource in snapshot.resources:
            known = self._written.get(id(resource))
            written[id(resource)] = known or (resource, _dump(self._resource(resource)))
        self._written = written
        resources = ",".join(written[id(resource)][1] for resource in snapshot.resources)
        pending = [{"resource": self._resource(op.resource), "type": op.type} for op in snapshot.pending]
        manifest = {
            "time": now(),
            "magic": hashlib.sha256(ENGINE_VERSION.encode()).hexdigest(),
            "version": ENGINE_VERSION,
        }
        secrets = {"type": "passphrase", "state": {"salt": self._crypter.salt_line}}
        parts = [
            f'"manifest":{_dump(manifest)}',
            f'"secrets_providers":{_dump(secrets)}',
            *([f'"resources":[{resources}]'] if resources else []),
            *([f'"pending_operations":{_dump(pending)}'] if pending else []),
            *(f"{_dump(key)}:{_dump(value)}" for key, value in snapshot.extra.items()),
            '"metadata":{}',
        ]
        latest = "{" + ",".join(parts) + "}"
        return f'{{"version":{CHECKPOINT_VERSION},"checkpoint":{{"stack":{_dump(self._stack)},"latest":{latest}}}}}'

    def _resource(self, resource: ResourceState) -> Properties:
        body: Properties = {"urn": resource.urn, "custom": resource.custom}
        if resource.delete:
            body["delete"] = True
        if resource.id:
            body["id"] = resource.id
        body["type"] = resource.type
        for key in ("inputs", "outputs"):
            if values := getattr(resource, key):
                body[key] = {name: self._value(value) for name, value in values.items()}
        body |= {key: value for name, key in _OPTIONAL_KEYS.items() if (value := getattr(resource, name))}
        body |= {key: list(value) for name, key in _LIST_KEYS.items() if (value := getattr(resource, name))}
        if resource.property_dependencies:
            body["propertyDependencies"] = {
                name: list(used) or None for name, used in resource.property_dependencies.items()
            }
        return body | dict(resource.extra)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Secret):
            plain = _dump(_plain(value.value))
            return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": self._crypter.encrypt(plain)}
        if isinstance(value, ResourceReference):
            return _plain(value)
        if isinstance(value, dict):
            return {key: self._value(item) for key, item in cast("Properties", value).items()}
        if isinstance(value, list):
            return [self._value(item) for item in cast("list[Any]", value)]
        return value


def _plain(value: Any) -> Any:
    """What stands inside a secret is written plainly: it is encrypted as a whole."""
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, ResourceReference):
        return {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": value.urn, "id": value.id or "", "packageVersion": ""}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("Properties", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def salt_of(text: str) -> str:
    """The salt line of a state file, or "" when it has none. Raises BadInputError when it is not readable."""
    latest = _latest(text)
    provider = cast("Properties", latest.get("secrets_providers") or {})
    if provider and provider.get("type") != "passphrase":
        msg = f"the state keeps its secrets by {provider.get('type')!r}; only the Pulumi CLI can open it"
        raise BadInputError(msg)
    held = cast("Properties", provider.get("state") or {})
    return str(held.get("salt") or "")


def parse_snapshot(text: str, crypter: Crypter) -> Snapshot:
    """Read a state file.

    Raises:
        BadInputError: it is damaged, of another version, or its secrets cannot be opened.
    """
    latest = _latest(text)
    resources = cast("list[Properties]", latest.get("resources") or [])
    pending = cast("list[Properties]", latest.get("pending_operations") or [])
    known = {"manifest", "secrets_providers", "resources", "pending_operations", "metadata"}
    return Snapshot(
        resources=tuple(_parse_resource(body, crypter) for body in resources),
        pending=tuple(
            PendingOperation(resource=_parse_resource(body["resource"], crypter), type=body["type"]) for body in pending
        ),
        extra={key: value for key, value in latest.items() if key not in known},
    )


def _latest(text: str) -> Properties:
    try:
        body = json.loads(text)
    except ValueError as error:
        msg = f"the state file is damaged ({error}); a copy from before stands beside it (.bak) and in backups/"
        raise BadInputError(msg) from error
    if body.get("version") != CHECKPOINT_VERSION:
        msg = f"the state file has version {body.get('version')}, but only {CHECKPOINT_VERSION} is understood"
        raise BadInputError(msg)
    return body["checkpoint"].get("latest") or {}


def _parse_resource(body: Properties, crypter: Crypter) -> ResourceState:
    known = {*_OTHER_KEYS, *_OPTIONAL_KEYS.values(), *_LIST_KEYS.values()}
    given = {name: body[key] for name, key in _OPTIONAL_KEYS.items() if key in body}
    given |= {name: tuple(body[key]) for name, key in _LIST_KEYS.items() if body.get(key)}
    used = cast("Mapping[str, Iterable[str] | None]", body.get("propertyDependencies") or {})
    return ResourceState(
        urn=body["urn"],
        type=body["type"],
        custom=body["custom"],
        delete=body.get("delete", False),
        id=body.get("id", ""),
        inputs=_parse_value(body.get("inputs") or {}, crypter),
        outputs=_parse_value(body.get("outputs") or {}, crypter),
        property_dependencies={key: tuple(urns_used or ()) for key, urns_used in used.items()},
        extra={key: value for key, value in body.items() if key not in known},
        **given,
    )


def _parse_value(value: Any, crypter: Crypter | None) -> Any:
    if isinstance(value, list):
        return [_parse_value(item, crypter) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("Properties", value)
    match fields.get(SIGNATURE_KEY):
        case signature if signature == SECRET_SIGNATURE:
            if crypter is None or "ciphertext" not in fields:
                return Secret(_parse_value(json.loads(fields["plaintext"]), crypter))
            return Secret(_parse_value(json.loads(crypter.decrypt(fields["ciphertext"])), crypter))
        case signature if signature == RESOURCE_SIGNATURE:
            return ResourceReference(urn=fields["urn"], id=fields.get("id") or None)
        case _:
            return {key: _parse_value(item, crypter) for key, item in fields.items()}
