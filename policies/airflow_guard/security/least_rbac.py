"""Roles grant what is needed, by name."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity, of_kinds, unknown_finding
from ..node import Node, each
from ..options import Options

_ROLES = frozenset({"Role", "ClusterRole"})
_POWERS = frozenset({"escalate", "bind", "impersonate"})
_DOORS = {
    "pods/exec": "run commands in any pod",
    "pods/attach": "attach to any pod",
    "nodes/proxy": "reach every kubelet",
    "serviceaccounts/token": "issue tokens of other accounts",
}
_READS = frozenset({"list", "watch", "*"})
_BROAD_ROLES = frozenset({"cluster-admin", "admin", "edit"})
_ANYONE = frozenset({"system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"})


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Grants that are wider than any need."""
    if resource.kind in _ROLES:
        yield from each(resource.props.at("rules").items, _rule, unknown_finding)
        return
    role = resource.props.at("roleRef", "name")
    if role.text in _BROAD_ROLES:
        yield Finding(what=f"binds the broad role {role.text}", path=role.path)
    for subject in resource.props.at("subjects").items:
        name = subject.at("name")
        if name.text in _ANYONE:
            yield Finding(what=f"grants rights to {name.text}", path=name.path)
        elif subject.at("kind").text == "ServiceAccount" and name.text == "default":
            yield Finding(what="grants rights to a namespace's shared account", path=name.path)


def _rule(rule: Node) -> Iterator[Finding]:
    verbs = {item.text for item in rule.at("verbs").items}
    resources = {item.text for item in rule.at("resources").items}
    for key in ("verbs", "resources", "apiGroups"):
        if any(item.text == "*" for item in rule.at(key).items):
            yield Finding(what=f"grants all {key}", path=rule.at(key).path)
    if powers := verbs & _POWERS:
        yield Finding(what=f"may {', '.join(sorted(powers))}: a way to every other right", path=rule.at("verbs").path)
    for door in sorted(resources & _DOORS.keys()):
        yield Finding(what=f"may {_DOORS[door]}", path=rule.at("resources").path)
    if "secrets" in resources and verbs & _READS:
        yield Finding(what="may read every Secret at once", path=rule.at("verbs").path)


RULE = ResourceRule(
    name="least-rbac",
    title="Roles grant what is needed, by name",
    why="a broad grant turns one taken pod into a taken cluster",
    mend="name API groups, resources and verbs one by one; Secrets by resourceNames with `get`",
    severity=Severity.CRITICAL,
    references=("CIS Kubernetes 5.1.1-13", "checkov CKV_K8S_49", "checkov CKV_K8S_155-158"),
    applies=of_kinds("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
    check=check,
)
