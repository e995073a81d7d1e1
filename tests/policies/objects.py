"""Objects that keep to every rule, and ways to spoil them in one place."""

import copy
import re
from collections.abc import Iterable
from typing import Any

from airflow_guard.model import Finding, Resource, ResourceRule, Stack, StackRule
from airflow_guard.node import Node
from airflow_guard.options import Option, Options, defaults

ABSENT = object()
DIGEST = "sha256:" + "4" * 64
IMAGE = f"registry.example.com/airflow-platform/airflow@{DIGEST}"
_STEP = re.compile(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)')

Object = dict[str, Any]


def container(name: str = "scheduler", **more: Any) -> Object:
    return {
        "name": name,
        "image": IMAGE,
        "args": ["airflow", "scheduler"],
        "env": [
            {"name": "AIRFLOW__CORE__EXECUTOR", "value": "CeleryExecutor"},
            {"name": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD", "value": "cat /run/secrets/database/url"},
        ],
        "resources": {
            "requests": {"cpu": "250m", "memory": "512Mi"},
            "limits": {"memory": "1Gi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "livenessProbe": {"exec": {"command": ["/bin/sh", "-c", "test -f /run/alive"]}},
        "readinessProbe": {"httpGet": {"path": "/health", "port": "health"}},
        "ports": [{"name": "health", "containerPort": 8974}],
        "volumeMounts": [{"name": "scratch", "mountPath": "/opt/airflow/logs"}],
        **more,
    }


def pod(*containers: Object, **more: Any) -> Object:
    return {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 50000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": list(containers) or [container()],
        "initContainers": [container("wait", livenessProbe=None, readinessProbe=None)],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}}],
        "automountServiceAccountToken": False,
        "priorityClassName": "platform",
        "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname", "maxSkew": 1}],
        **more,
    }


def metadata(name: str, namespace: str | None = "airflow", environment: str = "prod", **more: Any) -> Object:
    place = {"namespace": namespace} if namespace else {}
    labels = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": "airflow-platform",
        "app.kubernetes.io/managed-by": "pulumi",
        "airflow-platform/environment": environment,
    }
    return {"name": name, **place, "labels": labels, **more}


def deployment(name: str = "scheduler", replicas: int = 2, spec: Object | None = None, **place: Any) -> Object:
    meta = metadata(name, **place)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta,
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {"metadata": {"labels": meta["labels"]}, "spec": spec or pod()},
        },
    }


def worker() -> Object:
    hook = {"exec": {"command": ["/usr/local/bin/drain"]}}
    env = [{"name": "AIRFLOW__CORE__EXECUTOR", "value": "CeleryExecutor"}]
    main = container("worker", args=["airflow", "celery", "worker"], lifecycle={"preStop": hook}, env=env)
    made = deployment("worker-default", spec={**pod(main, initContainers=[]), "terminationGracePeriodSeconds": 660})
    template = made["spec"]["template"]["metadata"]
    template["labels"] = {**template["labels"], "airflow-platform/role": "worker"}
    template["annotations"] = {"airflow-platform/longest-task-seconds": "600"}
    return made


def stateful_set(replicas: int = 3) -> Object:
    made = deployment("postgres", replicas, namespace="airflow-data")
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "10Gi"}}}}
    return {**made, "kind": "StatefulSet", "spec": {**made["spec"], "volumeClaimTemplates": [claim]}}


def config_map(**data: Any) -> Object:
    plain = {"airflow.cfg": "[core]\nexecutor = CeleryExecutor\n[database]\npassword_file = /run/secrets/x\n"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("config"), "data": data or plain}


def secret(**data: Any) -> Object:
    plain = {"password": "Vb7yJ0mZs2Tq"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata("credentials"), "stringData": data or plain}


def default_deny(namespace: str = "airflow") -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata("default-deny", namespace),
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }


def namespace() -> Object:
    made = metadata("airflow", None)
    labels = {**made["labels"], "pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {**made, "labels": labels}}


def quota(kind: str = "ResourceQuota", place: str = "airflow") -> Object:
    spec = {"hard": {"pods": "20"}} if kind == "ResourceQuota" else {"limits": [{"type": "Container"}]}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata("platform", place), "spec": spec}


def budget(name: str = "scheduler", place: str = "airflow") -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(name, place),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": name}}},
    }


def service(kind: str = "ClusterIP", name: str = "scheduler") -> Object:
    ports = [{"name": "https", "port": 443}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(name), "spec": {"type": kind, "ports": ports}}


def allow(peer: str = "scheduler", port: int = 5432) -> Object:
    """A policy that lets one workload reach the database pooler, and that one the database."""
    one = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "airflow"}}}
    who = {**one, "podSelector": {"matchLabels": {"app.kubernetes.io/name": peer}}}
    whom = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "postgres"}}}
    ports = [{"protocol": "TCP", "port": port}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata("allow-pooler", "airflow-data"),
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "postgres-pooler"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [who], "ports": ports}],
            "egress": [{"to": [whom], "ports": ports}],
        },
    }


def role(kind: str = "Role") -> Object:
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata("prometheus"),
        "rules": [rule],
    }


def role_binding() -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata("prometheus"),
        "roleRef": {"kind": "Role", "name": "prometheus"},
        "subjects": [{"kind": "ServiceAccount", "name": "prometheus"}],
    }


def job(kind: str = "Job") -> Object:
    made = {"activeDeadlineSeconds": 600, "template": {"metadata": metadata("migration"), "spec": pod()}}
    spec: Object = made
    if kind == "CronJob":
        spec = {"concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 300, "jobTemplate": {"spec": made}}
    return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata("migration"), "spec": spec}


def scaler(target: str = "api-core", minimum: int = 2) -> Object:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(target),
        "spec": {"scaleTargetRef": reference, "minReplicas": minimum, "maxReplicas": 5},
    }


_API = {"service": {"name": "api-core", "port": {"number": 8080}}}


def ingress() -> Object:
    host = "airflow.example.com"
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata("edge", "airflow-edge"),
        "spec": {
            "tls": [{"hosts": [host], "secretName": "edge-tls"}],
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "backend": _API}]}}],
        },
    }


def gateway() -> Object:
    reference = [{"name": "edge-tls"}]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": metadata("edge", "airflow-edge"),
        "spec": {
            "gatewayClassName": "nginx",
            "listeners": [
                {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": reference}},
                {"name": "http", "port": 80, "protocol": "HTTP"},
            ],
        },
    }


def redirect_route() -> Object:
    step = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata("redirect", "airflow-edge"),
        "spec": {"parentRefs": [{"name": "edge", "sectionName": "http"}], "rules": [{"filters": [step]}]},
    }


def change(made: Object, path: str, value: Any) -> Object:
    """A copy with one value set, or taken away with ABSENT. Maps on the way are made; list elements must exist."""
    changed = copy.deepcopy(made)
    steps = [key or name or int(index) for key, index, name in _STEP.findall(path)]
    target: Any = changed
    for step in steps[:-1]:
        if isinstance(target, dict) and target.get(step) is None:
            target[step] = {}
        target = target[step]
    if value is ABSENT:
        del target[steps[-1]]
    elif isinstance(target, list) and steps[-1] == len(target):
        target.append(value)
    else:
        target[steps[-1]] = value
    return changed


def resource(made: Object, protect: bool = False, stack: str = "prod", type_token: str = "") -> Resource:
    kind, name = made.get("kind", ""), (made.get("metadata") or {}).get("name", "thing")
    token = type_token or f"kubernetes:{made.get('apiVersion', 'v1')}:{kind}"
    shown = name if isinstance(name, str) else "thing"
    urn = f"urn:pulumi:{stack}::airflow-platform::{token}::{shown}"
    return Resource(token, shown, urn, Node(made), protect=protect, stack=stack)


def stack_of(*made: Object | Resource, name: str = "prod") -> Stack:
    items = (item if isinstance(item, Resource) else resource(item, stack=name) for item in made)
    return Stack(name, tuple(items))


def options_of(known: tuple[Option, ...], **given: Any) -> Options:
    return Options({**defaults(known).values, **given})


def judge(rule: ResourceRule, subject: Object | Resource, **options: Any) -> list[Finding]:
    """What a rule finds in one object."""
    item = subject if isinstance(subject, Resource) else resource(subject)
    assert rule.applies(item)
    return list(rule.check(item, options_of(rule.options, **options)))


def judge_stack(rule: StackRule, stack: Stack, **options: Any) -> list[Finding]:
    """What a rule finds in a stack."""
    return list(rule.check(stack, options_of(rule.options, **options)))


def paths(findings: Iterable[Finding]) -> list[str]:
    return [finding.path for finding in findings]


def text(findings: Iterable[Finding]) -> str:
    return "; ".join(finding.what for finding in findings)
