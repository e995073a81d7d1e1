"""What can go wrong between here and the API server, and how it is told. Rendering is pure."""

import re
from dataclasses import dataclass
from typing import Final, cast

from local.engine.providers.kubernetes.kinds import Kind, Ref
from local.engine.providers.kubernetes.objects import Obj, dig, dig_list, dig_text

_CONFLICT = re.compile(r'conflict with "(?P<manager>[^"]+)"(?: with subresource "(?P<subresource>[^"]+)")?')

_LONGEST_MESSAGE: Final = 500
_FIXED_FIELD: Final = (
    "this field cannot be changed in place; take the change back, "
    "or give the resource the option replace_on_changes for it."
)
# The first that fits: status, a part of the server's sentence, what to do.
_WAYS_OUT: Final[tuple[tuple[frozenset[int], str, str], ...]] = (
    (frozenset({403, 422}), "immutable", _FIXED_FIELD),
    (frozenset({403, 422}), "Forbidden: updates to", _FIXED_FIELD),
    (frozenset({403, 422}), "may not change once set", _FIXED_FIELD),
    (
        frozenset({404}),
        "namespaces",
        "create the namespace {namespace} first, and take its name from the Namespace resource.",
    ),
    (frozenset({403}), "is being terminated", "wait until the namespace is gone, then run again."),
    (
        frozenset({403}),
        "violates PodSecurity",
        "tighten the pod's securityContext, or the namespace's pod-security.kubernetes.io/enforce label.",
    ),
    (frozenset({403}), "exceeded quota", "raise the namespace's quota, or lower the requests."),
    (
        frozenset({401, 403}),
        "",
        "give the kubeconfig's user the right to do so (kubectl auth can-i shows it).",
    ),
    (frozenset({400, 422}), "", "correct the field in the program and run again."),
)


class UnreachableError(Exception):
    """The API server cannot be reached or cannot be spoken to."""


class NoSuchKindError(Exception):
    """The API server does not serve this kind."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(
            f"the API server does not know {kind.api_version} {kind.name}. "
            "Install its CustomResourceDefinition first (let this resource depend on it), "
            "or correct the apiVersion."
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that the API server objects to."""

    field: str
    message: str
    reason: str


class ApiError(Exception):
    """The API server answered with a refusal.

    Attributes:
        code: HTTP status.
        reason: the server's word for it, such as `AlreadyExists`.
        message: the server's sentence.
        causes: the fields it names.
    """

    def __init__(self, code: int, reason: str, message: str, causes: tuple[Cause, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = causes

    @property
    def is_conflict(self) -> bool:
        """True when other managers own fields that were to be applied."""
        return self.code == 409 and any(cause.reason == "FieldManagerConflict" for cause in self.causes)


def parse_status(code: int, body: object, fallback: str) -> ApiError:
    """An error from the `Status` object that the API server sent, or from whatever came instead."""
    if dig(body, "kind") != "Status":
        return ApiError(code, fallback, str(body or "").strip()[:500] or fallback)
    status = cast("Obj", body)
    causes = tuple(
        Cause(dig_text(cause, "field"), dig_text(cause, "message"), dig_text(cause, "reason"))
        for cause in dig_list(status, "details", "causes")
    )
    return ApiError(code, dig_text(status, "reason") or fallback, dig_text(status, "message") or fallback, causes)


def conflicting_fields(error: ApiError) -> dict[str, list[str]]:
    """The other managers and the fields that each of them owns."""
    owners: dict[str, list[str]] = {}
    for cause in error.causes:
        match = _CONFLICT.search(cause.message)
        if cause.reason == "FieldManagerConflict" and match:
            manager = match["manager"] + (f" ({match['subresource']})" if match["subresource"] else "")
            owners.setdefault(manager, []).append(cause.field)
    return owners


def tell_refusal(ref: Ref, verb: str, error: ApiError) -> str:
    """A refusal as the user reads it: the object, the server's words, the fields, the way out."""
    if error.is_conflict:
        return _tell_conflict(ref, error)
    lines = [f"{ref}: the API server refused to {verb} it ({error.code} {error.reason}): {shorten(error.message)}"]
    shown = {cause.field for cause in error.causes if cause.field and cause.field not in error.message}
    lines += [f"  field {field}" for field in sorted(shown)]
    way_out = _way_out(ref, error)
    return "\n".join([*lines, f"Way out: {way_out}"] if way_out else lines)


def shorten(message: str) -> str:
    """The server's sentence without its middle when it is long: that is a dump of the whole field."""
    text = " ".join(message.split())
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:200]} ... {text[-200:]}"


def _tell_conflict(ref: Ref, error: ApiError) -> str:
    lines = [f"{ref}: other managers own fields that this stack sets:"]
    for manager, fields in sorted(conflicting_fields(error).items()):
        lines.append(f"  {manager}: {', '.join(sorted(fields))}")
    lines.append(
        "Way out: take these fields out of the program (or put them under ignoreChanges) when the other "
        'manager shall keep them; or set the annotation pulumi.com/patchForce: "true" on the object once to '
        "take them over."
    )
    return "\n".join(lines)


def _way_out(ref: Ref, error: ApiError) -> str:
    for codes, fragment, way_out in _WAYS_OUT:
        if error.code in codes and fragment in error.message:
            return way_out.format(namespace=ref.namespace)
    return ""


def tell_exists(ref: Ref, managers: list[str]) -> str:
    """An object is in the way that is not this resource's own."""
    owners = f" (managed by {', '.join(managers)})" if managers else ""
    kubectl = f"kubectl{f' -n {ref.namespace}' if ref.namespace else ''} delete {ref.kind.name.lower()} {ref.name}"
    return (
        f"{ref} already exists and is not of this resource{owners}.\n"
        f"Way out: take it over with the resource option import_={ref.id!r}, delete it ({kubectl}), "
        "choose another name, or set upsertExistingObjects on the provider to take over whatever exists."
    )
