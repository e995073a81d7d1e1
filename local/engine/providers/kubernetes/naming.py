"""Names of objects: generated when the program gives none, and checked before the API server sees them."""

import re
import secrets
from dataclasses import dataclass

from local.engine.providers.kubernetes.kinds import Kind

AUTONAMED = "pulumi.com/autonamed"

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/%]+")


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    longest: int
    says: str


_SUBDOMAIN_RULE = _Rule(
    _SUBDOMAIN,
    253,
    "lower-case letters, digits, '-' and '.', a letter or digit at both ends (RFC 1123 subdomain)",
)
_LABEL_SAYS = "lower-case letters, digits and '-', a letter or digit at both ends (RFC 1123 label)"
_RULES = {
    ("", "Namespace"): _Rule(_LABEL, 63, _LABEL_SAYS),
    ("", "Service"): _Rule(
        _SERVICE, 63, "lower-case letters, digits and '-', a letter first, no '-' last (RFC 1035 label)"
    ),
    # Longer names are accepted but their pods are not: name and revision become one label of a pod.
    ("apps", "StatefulSet"): _Rule(_LABEL, 52, _LABEL_SAYS),
    ("batch", "Job"): _Rule(_SUBDOMAIN, 63, _SUBDOMAIN_RULE.says),
    ("batch", "CronJob"): _Rule(_SUBDOMAIN, 52, _SUBDOMAIN_RULE.says),
}
_SEGMENT_RULE = _Rule(_SEGMENT, 253, "anything without '/' and '%' except '.' and '..'")


def autoname(logical: str) -> str:
    """A fresh name: the logical name, '-' and 8 hexadecimal digits."""
    return f"{logical}-{secrets.token_hex(4)}"


def name_problem(kind: Kind, name: str) -> str | None:
    """Why the API server would refuse this name, or None when it would not."""
    rule = _rule(kind)
    if len(name) > rule.longest:
        return f"has {len(name)} characters; a {kind.name} may have {rule.longest}"
    if not rule.pattern.fullmatch(name):
        return f"must be {rule.says}"
    return None


def _rule(kind: Kind) -> _Rule:
    if kind.group == "rbac.authorization.k8s.io":
        return _SEGMENT_RULE
    return _RULES.get((kind.group, kind.name), _SUBDOMAIN_RULE)


def namespace_problem(namespace: str) -> str | None:
    """Why this cannot be the name of a namespace, or None when it can."""
    return name_problem(Kind("v1", "Namespace"), namespace)
