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
        "volumes": [{"name": "scratch", "emptyDir": {}}],
        **more,
    }


def metadata(name: str, namespace: str | None = "airflow", environment: str = "prod", **more: Any) -> Object:
    place = {"namespace": namespace} if namespace else {}
    labels = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": "airflow-platform",
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
    spec = pod(container("worker", args=["airflow", "celery", "worker"], lifecycle={"preStop": hook}))
    made = deployment("worker-default", spec={**spec, "terminationGracePeriodSeconds": 660})
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


def ingress() -> Object:
    host = "airflow.example.com"
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata("edge", "airflow-edge"),
        "spec": {
            "tls": [{"hosts": [host], "secretName": "edge-tls"}],
            "rules": [{"host": host, "http": {"paths": []}}],
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
