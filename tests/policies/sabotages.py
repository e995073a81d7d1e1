"""Single changes to a stack that is in order. Each lowers safety in one way, and one rule is meant to catch it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from airflow_guard.kubernetes import makes_pods, pod_template
from airflow_guard.model import Resource
from airflow_guard.node import Node

from tests.policies.objects import ABSENT, change

OTHER = "docker.io/library/busybox"
DIGEST = "@sha256:" + "5" * 64
BACKUP = "airflow-platform/backup"
RETENTION = "airflow-platform/backup-retention-full"
KEY = "-----BEGIN PRIVATE KEY-----\nMHcCAQEE\n-----END PRIVATE KEY-----"


# One workload of each sort: the others differ in nothing that a rule reads, and the test stays quick.
_REPRESENTATIVES = {"scheduler", "worker-default", "postgres", "edge", "migration"}
_FEW = 4


@dataclass(frozen=True)
class Sabotage:
    """One change.

    Attributes:
        rule: the rule that must catch it.
        before: the resource as it is.
        after: as it is then; none when it is taken away.
        what: path and value.
    """

    rule: str
    before: Resource
    after: Resource | None
    what: str


def sabotages(resources: Iterable[Resource]) -> Iterator[Sabotage]:
    """The changes that fit the resources of a stack; one and the same change to a few resources of a kind at most."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for sabotage in _all(resources):
        same = (sabotage.rule, sabotage.before.kind, sabotage.what)
        seen[same] += 1
        if seen[same] <= _FEW:
            yield sabotage


def _all(resources: Iterable[Resource]) -> Iterator[Sabotage]:
    for item in resources:
        if makes_pods(item) and item.label("app.kubernetes.io/name") in _REPRESENTATIVES:
            yield from _pods(item)
        yield from _objects(item)


def _pods(item: Resource) -> Iterator[Sabotage]:
    spec = pod_template(item).spec
    first = spec.at("containers").items[0]
    context, env = f"{first.path}.securityContext", first.at("env")
    end = f"{env.path}[{len(env.items)}]" if env.items else env.path
    changes: list[tuple[str, str, Any]] = [
        ("restricted-pods", f"{context}.privileged", True),
        ("restricted-pods", f"{context}.allowPrivilegeEscalation", True),
        ("restricted-pods", f"{context}.readOnlyRootFilesystem", ABSENT),
        ("restricted-pods", f"{context}.capabilities.drop", []),
        ("restricted-pods", f"{context}.runAsNonRoot", False),
        ("restricted-pods", f"{spec.path}.hostNetwork", True),
        ("restricted-pods", f"{spec.path}.volumes[0]", {"name": "node", "hostPath": {"path": "/"}}),
        ("pinned-images", first.at("image").path, "registry.example.com/airflow-platform/airflow:latest"),
        ("pinned-images", first.at("image").path, OTHER + DIGEST),
        ("requests-and-limits", first.at("resources", "limits", "memory").path, ABSENT),
        ("requests-and-limits", first.at("resources", "requests", "cpu").path, ABSENT),
        ("scratch-limits", f"{spec.path}.volumes[{len(spec.at('volumes').items)}]", {"name": "x", "emptyDir": {}}),
        ("plain-secrets", end, _variable(env, {"name": "SOME_PASSWORD", "value": "hunter2hunter2"})),
        ("secret-files", end, _variable(env, _reference())),
        ("service-account-tokens", spec.path, _shared_account(spec)),
        ("high-uids", f"{context}.runAsUser", 999.0),
        ("priority-classes", f"{spec.path}.priorityClassName", ABSENT),
        ("labels", pod_template(item).metadata.at("labels").path + '["app.kubernetes.io/part-of"]', ABSENT),
    ]
    if item.kind != "Job":
        changes += _long_running(item, spec, first)
    if pod_template(item).metadata.at("labels", "airflow-platform/role").text == "worker":
        changes += _worker(item, spec, env, end)
    for rule, path, value in changes:
        yield _set(rule, item, path, value)


def _long_running(item: Resource, spec: Node, first: Node) -> list[tuple[str, str, Any]]:
    command = {"exec": {"command": ["airflow", "jobs", "check"]}}
    changes: list[tuple[str, str, Any]] = [
        ("health-probes", first.at("livenessProbe").path, ABSENT),
        ("database-free-probes", first.at("livenessProbe").path, command),
    ]
    replicas = item.props.at("spec", "replicas")
    if (replicas.number or 1) > 1:
        strategy = "strategy" if item.kind == "Deployment" else "updateStrategy"
        changes.append(("rollouts", f"spec.{strategy}.type", "Recreate" if item.kind == "Deployment" else "OnDelete"))
        changes.append(("spread", spec.at("topologySpreadConstraints").path, ABSENT))
        if not item.label("app.kubernetes.io/name").startswith(("worker", "edge", "valkey")):
            changes.append(("replica-floors", replicas.path, 1.0))
    return changes


def _worker(item: Resource, spec: Node, env: Node, end: str) -> list[tuple[str, str, Any]]:
    annotation = pod_template(item).metadata.at("annotations", "airflow-platform/longest-task-seconds").path
    return [
        ("worker-drain", f"{spec.path}.terminationGracePeriodSeconds", 30.0),
        ("worker-drain", f"{spec.path}.terminationGracePeriodSeconds", ABSENT),
        ("worker-drain", annotation, ABSENT),
        ("worker-secrets", end, _variable(env, {"name": "AIRFLOW__CORE__FERNET_KEY_CMD", "value": "cat /run/key"})),
    ]


def _objects(item: Resource) -> Iterator[Sabotage]:
    for rule, kind, path, value in _CHANGES:
        if item.kind == kind:
            yield _set(rule, item, path, value)
    for rule, kinds in _REMOVED.items():
        if item.kind in kinds and "allow-" not in item.name:
            yield Sabotage(rule, item, None, "taken away")
    holds_data = item.kind == "Namespace" or not item.props.at("spec", "volumeClaimTemplates").empty
    if item.protect and (holds_data or item.type.startswith("random:")):
        yield Sabotage("protected-data", item, replace(item, protect=False), "not protected")
    if item.type == "pulumi:providers:kubernetes":
        yield _set("explicit-providers", item, "context", ABSENT)
    if item.kind == "ConfigMap" and "airflow.cfg" in dict(item.props.at("data").entries):
        yield from _airflow_config(item)
    if item.kind == "NetworkPolicy" and "allow-" in item.name:
        yield from _policies(item)
    yield from _stores(item)


_CHANGES: tuple[tuple[str, str, str, Any], ...] = (
    ("namespace-standards", "Namespace", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "privileged"),
    ("namespace-standards", "Deployment", "metadata.namespace", "kube-system"),
    ("service-exposure", "Service", "spec.type", "NodePort"),
    ("least-rbac", "Role", "rules[0].verbs", ["*"]),
    ("least-rbac", "Role", "rules[0]", {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}),
    ("least-rbac", "ClusterRole", "rules[0].resources", ["nodes/proxy"]),
    ("least-rbac", "RoleBinding", "subjects[0].name", "default"),
    ("least-rbac", "RoleBinding", "roleRef.name", "cluster-admin"),
    ("disruption-budgets", "PodDisruptionBudget", "spec.maxUnavailable", 0.0),
    ("plain-secrets", "ConfigMap", "data.password", "hunter2hunter2"),
    ("plain-secrets", "ConfigMap", "data.pem", KEY),
    ("encrypted-connections", "ConfigMap", "data.broker", "redis://valkey:6379/0"),
    ("encrypted-connections", "ConfigMap", "data.database", "host=postgres-rw sslmode=disable"),
    ("encrypted-connections", "Secret", "stringData.url", "postgresql://x:Vb7yJ0mZs2Tq@postgres-rw/airflow"),
    ("plain-secrets", "ConfigMap", "data.url", "postgresql://airflow:hunter2@database/airflow"),
    ("labels", "ConfigMap", "metadata.labels", ABSENT),
    ("default-accounts", "Secret", "stringData.password", "admin"),
    ("stable-apis", "PodDisruptionBudget", "apiVersion", "policy/v1beta1"),
    ("reaching-services", "Service", 'spec.selector["app.kubernetes.io/name"]', "nobody"),
    ("reaching-services", "Service", "spec.ports[0].targetPort", "nowhere"),
    ("bounded-jobs", "Job", "spec.activeDeadlineSeconds", ABSENT),
)
_REMOVED = {
    "default-deny": {"NetworkPolicy"},
    "disruption-budgets": {"PodDisruptionBudget"},
    "quotas": {"ResourceQuota", "LimitRange"},
}


def _airflow_config(item: Resource) -> Iterator[Sabotage]:
    path = 'data["airflow.cfg"]'
    content = item.props.at("data", "airflow.cfg").text
    for rule, section, line in (
        ("default-accounts", "core", "simple_auth_manager_all_admins = True"),
        ("airflow-safety", "api", "expose_config = True"),
        ("airflow-safety", "core", "load_examples = True"),
        ("plain-secrets", "core", "fernet_key = cFRtV2Z0QmF4ZEtnZk1yN0xQdGhOQ0ZVcm1ucFJ4SXI="),
    ):
        yield _set(rule, item, path, f"{content}\n[{section}]\n{line}\n")
    if "visibility_timeout" in content:
        lowered = "\n".join(
            "visibility_timeout = 60" if "visibility_timeout" in line else line for line in content.split("\n")
        )
        yield _set("visibility-timeout", item, path, lowered)
    if "worker" in item.name:
        yield _set("worker-secrets", item, path, f"{content}\n[database]\nsql_alchemy_conn_cmd = cat /run/url\n")


def _policies(item: Resource) -> Iterator[Sabotage]:
    egress = item.props.at("spec", "egress").items
    for rule in item.props.at("spec", "ingress").items:
        ports = {port.at("port").number for port in rule.at("ports").items}
        if ports & {5432.0, 6379.0, 26379.0}:
            yield _set("data-tier", item, rule.at("from").path, ABSENT)
            break
    yield _set("narrow-policies", item, f"spec.egress[{len(egress)}]", {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})


def _stores(item: Resource) -> Iterator[Sabotage]:
    """Stores without an end, and data without backups."""
    if item.kind == "CronJob" and item.label(BACKUP) in {"full", "drill"}:
        yield Sabotage("backups", item, None, "taken away")
        yield _set("backups", item, "spec.suspend", True)
    if item.kind != "StatefulSet":
        return
    for container in pod_template(item).containers:
        kept = [word.raw for word in container.node.at("args").items if "--storage.tsdb.retention" not in word.text]
        if len(kept) < len(container.node.at("args").items):
            yield _set("retention", item, container.node.at("args").path, kept)
    if not item.props.at("metadata", "annotations", RETENTION).absent:
        yield _set("backups", item, f'metadata.annotations["{RETENTION}"]', ABSENT)


def _set(rule: str, item: Resource, path: str, value: Any) -> Sabotage:
    props = change(item.props.raw if isinstance(item.props.raw, dict) else {}, path, value)
    shown = "absent" if value is ABSENT else repr(value)[-40:]
    return Sabotage(rule, item, replace(item, props=Node(props)), f"{path} {shown}")


def _variable(env: Node, variable: dict[str, Any]) -> Any:
    return variable if env.items else [variable]


def _reference() -> dict[str, Any]:
    return {"name": "SOME_VALUE", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}


def _shared_account(spec: Node) -> dict[str, Any]:
    given = spec.raw if isinstance(spec.raw, dict) else {}
    changed = {"automountServiceAccountToken": True, "serviceAccountName": "default"}
    # The change at the end: the order of the other fields differs from run to run, and what is shown must not.
    return {key: value for key, value in given.items() if key not in changed} | changed
