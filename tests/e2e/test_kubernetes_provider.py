"""The kubernetes provider against the real local cluster: every step on every kind that matters."""

import dataclasses
import json
import secrets
import subprocess
import time
from collections.abc import Generator
from typing import Any

import pytest

from local import paths
from local.engine.providers.base import Created, Diff, ProviderError, StepContext
from local.engine.providers.kubernetes import KubernetesProvider

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

Obj = dict[str, Any]
LOCKED_DOWN: Obj = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"


def kubectl(*arguments: str) -> str:
    """The cluster as somebody else sees and changes it."""
    command = [str(paths.toolchain() / "bin" / "kubectl"), "--kubeconfig", str(paths.kubeconfig()), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclasses.dataclass
class Bench:
    """Runs steps as the engine does and remembers what they reported."""

    namespace: str
    image: str
    provider: KubernetesProvider = dataclasses.field(default_factory=lambda: KubernetesProvider(hopeless_after=15))
    lines: list[str] = dataclasses.field(default_factory=list[str])

    def context(self, kind: str, name: str, *, preview: bool = False, timeout: float | None = 150) -> StepContext:
        return StepContext(
            urn=f"urn:pulumi:dev::{self.namespace}::{kind}::{name}",
            type=kind,
            name=name,
            preview=preview,
            timeout=timeout,
            provider_config={
                "kubeconfig": str(paths.kubeconfig()),
                "namespace": self.namespace,
                "enableConfigMapMutable": "true",
                "enableSecretMutable": "true",
            },
            report=self.lines.append,
        )

    def check(self, kind: str, name: str, inputs: Obj, olds: Obj | None = None) -> Obj:
        return self.provider.check(self.context(kind, name), olds, inputs)

    def create(self, kind: str, name: str, inputs: Obj, **options: Any) -> tuple[Created, Obj]:
        checked = self.check(kind, name, inputs)
        return self.provider.create(self.context(kind, name, **options), checked), checked

    def diff(self, kind: str, name: str, old: Created, before: Obj, after: Obj) -> tuple[Diff, Obj]:
        checked = self.check(kind, name, after, before)
        return self.provider.diff(self.context(kind, name), old, before, checked), checked

    def update(
        self, kind: str, name: str, old: Created, before: Obj, after: Obj, **options: Any
    ) -> tuple[Created, Obj]:
        _, checked = self.diff(kind, name, old, before, after)
        return self.provider.update(self.context(kind, name, **options), old, before, checked), checked

    def delete(self, kind: str, name: str, old: Created, inputs: Obj) -> None:
        self.provider.delete(self.context(kind, name), old, inputs)

    def read(self, kind: str, name: str, inputs: Obj) -> Created | None:
        return self.provider.read(self.context(kind, name), f"{self.namespace}/{name}", inputs)

    def fails(self, kind: str, name: str, inputs: Obj, **options: Any) -> ProviderError:
        with pytest.raises(ProviderError) as failed:
            self.create(kind, name, inputs, **options)
        return failed.value

    def pod_spec(self, command: str, **more: Any) -> Obj:
        container = {
            "name": "main",
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["/bin/sh", "-c", command],
            "securityContext": LOCKED_DOWN,
            **more,
        }
        return {"containers": [container], "terminationGracePeriodSeconds": 1}

    def deployment(self, name: str, command: str, **more: Any) -> Obj:
        labels = {"app": name}
        return {
            "metadata": {"name": name},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": self.pod_spec(command, **more)},
            },
        }

    def job(self, name: str, command: str, **more: Any) -> Obj:
        pod = {**self.pod_spec(command), "restartPolicy": "Never"}
        return {"metadata": {"name": name}, "spec": {"backoffLimit": 1, "template": {"spec": pod}, **more}}


@pytest.fixture(scope="session")
def image() -> str:
    """A small image with a shell that the cluster has already."""
    nodes = json.loads(kubectl("get", "nodes", "-o", "json"))
    names = [name for node in nodes["items"] for entry in node["status"]["images"] for name in entry["names"]]
    return next(name for wanted in ("/valkey@", "/busybox:") for name in names if wanted in name)


@pytest.fixture(scope="module")
def bench(image: str) -> Generator[Bench]:
    made = Bench(f"scratch-{secrets.token_hex(3)}", image)
    namespace, inputs = made.create(NAMESPACE, made.namespace, {"metadata": {"name": made.namespace}})
    yield made
    made.provider.delete(made.context(NAMESPACE, made.namespace, timeout=240), namespace, inputs)


@pytest.fixture(autouse=True)
def fresh_lines(bench: Bench) -> None:
    bench.lines.clear()


def test_a_config_map_lives_and_dies(bench: Bench) -> None:
    created, inputs = bench.create(CONFIG_MAP, "plain", {"metadata": {"name": "plain"}, "data": {"a": "1"}})
    assert created.id == f"{bench.namespace}/plain"
    assert created.outputs["data"] == {"a": "1"}
    assert created.outputs["__inputs"] == inputs
    assert created.outputs["__initialApiVersion"] == "v1"
    assert created.outputs["__fieldManager"].startswith("pulumi-kubernetes-")
    assert created.outputs["metadata"]["uid"]

    wanted = {"metadata": {"name": "plain"}, "data": {"b": "2"}}
    found, _ = bench.diff(CONFIG_MAP, "plain", created, inputs, wanted)
    assert found.changed == {"data.a": ("1", None), "data.b": (None, "2")}
    assert not found.replace
    updated, inputs = bench.update(CONFIG_MAP, "plain", created, inputs, wanted)
    assert updated.outputs["data"] == {"b": "2"}
    assert updated.outputs["__fieldManager"] == created.outputs["__fieldManager"]

    read = bench.read(CONFIG_MAP, "plain", inputs)
    assert read is not None
    assert read.outputs["__inputs"] == inputs
    assert read.outputs["__fieldManager"] == created.outputs["__fieldManager"]
    # What a killed run was creating has no id yet: its name stands in its inputs.
    unfinished = bench.provider.read(bench.context(CONFIG_MAP, "plain"), "", inputs)
    assert unfinished is not None
    assert unfinished.id == read.id
    bench.delete(CONFIG_MAP, "plain", updated, inputs)
    assert bench.read(CONFIG_MAP, "plain", inputs) is None
    assert bench.provider.read(bench.context(CONFIG_MAP, "plain"), "", inputs) is None
    assert bench.provider.read(bench.context(CONFIG_MAP, "plain"), "", {"data": {}}) is None
    bench.delete(CONFIG_MAP, "plain", updated, inputs)


def test_a_preview_touches_nothing_and_shows_what_the_server_would_make(bench: Bench) -> None:
    service = {"metadata": {"name": "seen"}, "spec": {"ports": [{"port": 80.0}], "selector": {"app": "x"}}}
    seen, inputs = bench.create(SERVICE, "seen", service, preview=True)
    assert seen.id == ""
    assert seen.outputs["spec"]["ports"][0] == {"port": 80, "protocol": "TCP", "targetPort": 80}
    assert bench.read(SERVICE, "seen", inputs) is None


def test_a_preview_in_a_namespace_still_to_come_is_no_error(bench: Bench) -> None:
    elsewhere = {"metadata": {"name": "a", "namespace": "not-there-yet"}, "data": {"a": "b"}}
    seen, inputs = bench.create(CONFIG_MAP, "a", elsewhere, preview=True)
    assert seen == Created(id="", outputs=inputs)
    assert bench.lines == []


def test_a_preview_refuses_what_the_server_would_refuse(bench: Bench) -> None:
    wrong = {"metadata": {"name": "bad"}, "spec": {"ports": [{"port": 99999}], "selector": {"app": "x"}}}
    error = bench.fails(SERVICE, "bad", wrong, preview=True)
    assert "spec.ports[0].port" in str(error)
    assert "must be between 1 and 65535" in str(error)


def test_a_misspelt_field_is_named(bench: Bench) -> None:
    error = bench.fails(CONFIG_MAP, "typo", {"metadata": {"name": "typo"}, "dada": {"a": "b"}})
    assert "dada" in str(error)
    assert error.partial is None


def test_a_missing_namespace_says_what_to_do(bench: Bench) -> None:
    error = bench.fails(CONFIG_MAP, "lost", {"metadata": {"name": "lost", "namespace": "nowhere-at-all"}})
    assert "create the namespace nowhere-at-all first" in str(error)


def test_a_secret_is_written_from_plain_text(bench: Bench) -> None:
    created, inputs = bench.create(SECRET, "s", {"metadata": {"name": "s"}, "stringData": {"k": "v"}})
    assert created.outputs["data"] == {"k": "dg=="}
    assert created.outputs["type"] == "Opaque"
    read = bench.read(SECRET, "s", inputs)
    assert read is not None
    assert bench.diff(SECRET, "s", read, read.outputs["__inputs"], inputs)[0].is_same


def test_what_somebody_else_changed_is_seen_and_set_back(bench: Bench) -> None:
    wanted = {"metadata": {"name": "drift"}, "data": {"a": "1"}}
    created, inputs = bench.create(CONFIG_MAP, "drift", wanted)
    kubectl("-n", bench.namespace, "patch", "cm", "drift", "-p", '{"data":{"a":"2","c":"3"}}')
    read = bench.read(CONFIG_MAP, "drift", inputs)
    assert read is not None
    found, _ = bench.diff(CONFIG_MAP, "drift", read, read.outputs["__inputs"], wanted)
    assert found.changed == {"data.a": ("2", "1")}

    with pytest.raises(ProviderError) as conflict:
        bench.update(CONFIG_MAP, "drift", created, inputs, wanted)
    assert "kubectl-patch: .data.a" in str(conflict.value)
    assert "patchForce" in str(conflict.value)
    with pytest.raises(ProviderError, match="kubectl-patch"):
        bench.update(CONFIG_MAP, "drift", created, inputs, wanted, preview=True)

    forced = {**wanted, "metadata": {"name": "drift", "annotations": {"pulumi.com/patchForce": "true"}}}
    updated, _ = bench.update(CONFIG_MAP, "drift", created, inputs, forced)
    assert updated.outputs["data"] == {"a": "1", "c": "3"}


def test_an_object_of_somebody_else_is_not_taken_over(bench: Bench) -> None:
    kubectl("-n", bench.namespace, "create", "configmap", "theirs", "--from-literal=a=b")
    error = bench.fails(CONFIG_MAP, "theirs", {"metadata": {"name": "theirs"}, "data": {"a": "c"}})
    assert "already exists" in str(error)
    assert "kubectl-create" in str(error)
    assert error.partial is None


def test_an_object_left_by_a_killed_run_is_taken_up(bench: Bench) -> None:
    wanted = {"metadata": {"name": "left"}, "data": {"a": "b"}}
    first, _ = bench.create(CONFIG_MAP, "left", wanted)
    again, _ = bench.create(CONFIG_MAP, "left", wanted)
    assert again.outputs["metadata"]["uid"] == first.outputs["metadata"]["uid"]


def test_an_object_that_another_owner_made_anew_is_left_alone(bench: Bench) -> None:
    created, inputs = bench.create(CONFIG_MAP, "anew", {"metadata": {"name": "anew"}, "data": {"a": "b"}})
    kubectl("-n", bench.namespace, "delete", "configmap", "anew")
    kubectl("-n", bench.namespace, "create", "configmap", "anew")
    bench.delete(CONFIG_MAP, "anew", created, inputs)
    assert bench.read(CONFIG_MAP, "anew", inputs) is not None
    assert bench.lines == ["replaced by an object of another owner since; left alone"]


def test_an_object_that_went_away_is_made_again(bench: Bench) -> None:
    wanted = {"metadata": {"name": "gone"}, "data": {"a": "b"}}
    created, inputs = bench.create(CONFIG_MAP, "gone", wanted)
    kubectl("-n", bench.namespace, "delete", "configmap", "gone")
    updated, _ = bench.update(CONFIG_MAP, "gone", created, inputs, wanted)
    assert updated.outputs["metadata"]["uid"] != created.outputs["metadata"]["uid"]
    assert bench.lines == ["was gone; creating it again"]


def test_a_finalizer_that_nobody_serves_is_named(bench: Bench) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["example.com/guard"]}}
    created, inputs = bench.create(CONFIG_MAP, "held", held)
    with pytest.raises(ProviderError, match=r"waits for finalizer example\.com/guard"):
        bench.provider.delete(bench.context(CONFIG_MAP, "held", timeout=2), created, inputs)
    kubectl("-n", bench.namespace, "patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    bench.delete(CONFIG_MAP, "held", created, inputs)


def test_a_deployment_rolls_out_and_its_service_follows(bench: Bench) -> None:
    labels = {"app": "web"}
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "selector": labels}}
    unserved = bench.fails(SERVICE, "web", service, timeout=2)
    assert "no endpoint: no pod matches its selector yet" in str(unserved)
    assert unserved.partial is not None

    created, inputs = bench.create(DEPLOYMENT, "web", bench.deployment("web", "sleep 3600"))
    assert created.outputs["status"]["availableReplicas"] == 1
    assert any("0 of 1 pods ready" in line for line in bench.lines)
    served, _ = bench.update(SERVICE, "web", unserved.partial, bench.check(SERVICE, "web", service), service)
    assert served.outputs["spec"]["clusterIP"]

    wanted = bench.deployment("web", "sleep 3601")
    updated, inputs = bench.update(DEPLOYMENT, "web", created, inputs, wanted)
    assert updated.outputs["status"]["updatedReplicas"] == 1
    assert updated.outputs["status"]["replicas"] == 1
    bench.delete(DEPLOYMENT, "web", updated, inputs)
    pods = kubectl("-n", bench.namespace, "get", "pods", "-l", "app=web", "-o", "name")
    assert pods == ""


def test_a_crashing_pod_shows_its_last_words(bench: Bench) -> None:
    wanted = bench.deployment("crash", "echo cannot find the database; exit 3")
    error = bench.fails(DEPLOYMENT, "crash", wanted)
    told = str(error)
    assert told.startswith(f"Deployment {bench.namespace}/crash does not come up (nothing moved for 15 s)")
    assert "last exit code 3" in told
    assert "cannot find the database" in told
    assert "Last events:" in told
    assert error.partial is not None
    assert error.partial.outputs["metadata"]["name"] == "crash"

    mended = bench.deployment("crash", "sleep 3600")
    updated, inputs = bench.update(DEPLOYMENT, "crash", error.partial, bench.check(DEPLOYMENT, "crash", wanted), mended)
    assert updated.outputs["status"]["availableReplicas"] == 1
    bench.delete(DEPLOYMENT, "crash", updated, inputs)


def test_a_missing_image_is_told_early(bench: Bench) -> None:
    wanted = bench.deployment("noimage", "true", image="127.0.0.1:1/nobody/nothing:1")
    told = str(bench.fails(DEPLOYMENT, "noimage", wanted))
    assert "nothing moved for 15 s" in told
    assert "ImagePull" in told
    assert "127.0.0.1:1/nobody/nothing:1" in told


def test_a_missing_secret_is_told_early(bench: Bench) -> None:
    wanted = bench.deployment("nosecret", "true", envFrom=[{"secretRef": {"name": "not-there"}}])
    told = str(bench.fails(DEPLOYMENT, "nosecret", wanted))
    assert "CreateContainerConfigError" in told
    assert 'secret "not-there" not found' in told


def test_pods_that_may_not_be_created_are_told(bench: Bench) -> None:
    name = f"{bench.namespace}-strict"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace, inputs = bench.create(NAMESPACE, name, {"metadata": {"name": name, "labels": labels}})
    wanted = bench.deployment("unsafe", "true", securityContext={})
    wanted["metadata"]["namespace"] = name
    told = str(bench.fails(DEPLOYMENT, "unsafe", wanted))
    assert "violates PodSecurity" in told
    bench.delete(NAMESPACE, name, namespace, inputs)


def test_a_job_that_ends_well_is_done(bench: Bench) -> None:
    created, inputs = bench.create(JOB, "good", bench.job("good", "echo done"))
    assert created.outputs["status"]["succeeded"] == 1
    bench.delete(JOB, "good", created, inputs)


@pytest.mark.parametrize("restart", ["Never", "OnFailure"])
def test_a_job_that_fails_shows_its_last_words_and_starts_anew(bench: Bench, restart: str) -> None:
    name = f"bad-{restart.lower()}"
    wanted = bench.job(name, "echo the migration cannot be done; exit 7")
    wanted["spec"]["template"]["spec"]["restartPolicy"] = restart
    error = bench.fails(JOB, name, wanted)
    assert "BackoffLimitExceeded" in str(error)
    # With `OnFailure` the Job's controller removes the pod with its last failure, logs and all.
    assert ("the migration cannot be done" if restart == "Never" else "Deleted pod") in str(error)
    assert error.partial is not None
    inputs = bench.check(JOB, name, wanted)
    with pytest.raises(ProviderError, match="BackoffLimitExceeded") as again:
        bench.update(JOB, name, error.partial, inputs, wanted)
    assert "failed before; starting it anew" in bench.lines
    assert again.value.partial is not None
    assert again.value.partial.outputs["metadata"]["uid"] != error.partial.outputs["metadata"]["uid"]
    bench.delete(JOB, name, again.value.partial, inputs)


def stateful_set(bench: Bench, command: str) -> Obj:
    labels = {"app": "db"}
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}},
    }
    return {
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": bench.pod_spec(command)},
            "volumeClaimTemplates": [claim],
        },
    }


def test_a_stateful_set_gets_over_a_broken_revision_and_leaves_its_claims(bench: Bench) -> None:
    created, inputs = bench.create(STATEFUL_SET, "db", stateful_set(bench, "sleep 3600"))
    assert created.outputs["status"]["readyReplicas"] == 2

    broken = stateful_set(bench, "echo wrong; exit 1")
    with pytest.raises(ProviderError) as failed:
        bench.update(STATEFUL_SET, "db", created, inputs, broken)
    assert "Pod db-1: container main" in str(failed.value)
    partial = failed.value.partial
    assert partial is not None
    # The pod of the broken revision keeps the controller from going on; the provider frees it.
    mended = stateful_set(bench, "sleep 3602")
    updated, inputs = bench.update(STATEFUL_SET, "db", partial, partial.outputs["__inputs"], mended, timeout=120)
    assert updated.outputs["status"]["readyReplicas"] == 2

    renamed = stateful_set(bench, "sleep 3602")
    renamed["spec"]["serviceName"] = "other"
    found, _ = bench.diff(STATEFUL_SET, "db", updated, inputs, renamed)
    assert found.replace == {"spec.serviceName"}
    assert found.delete_before_replace
    bench.delete(STATEFUL_SET, "db", updated, inputs)
    claims = kubectl("-n", bench.namespace, "get", "pvc", "-o", "name").split()
    assert len(claims) == 2


def test_a_pod_and_a_daemon_set_come_up(bench: Bench) -> None:
    pod = {"metadata": {"name": "bare"}, "spec": bench.pod_spec("sleep 3600")}
    created, inputs = bench.create("kubernetes:core/v1:Pod", "bare", pod)
    read = bench.read("kubernetes:core/v1:Pod", "bare", inputs)
    assert read is not None
    assert read.outputs["__inputs"] == inputs
    bench.delete("kubernetes:core/v1:Pod", "bare", created, inputs)

    wanted = bench.deployment("everywhere", "sleep 3600")
    del wanted["spec"]["replicas"]
    created, inputs = bench.create("kubernetes:apps/v1:DaemonSet", "everywhere", wanted)
    assert created.outputs["status"]["numberAvailable"] == 1
    bench.delete("kubernetes:apps/v1:DaemonSet", "everywhere", created, inputs)


def test_a_claim_whose_class_waits_for_a_pod_is_ready(bench: Bench) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    kind = "kubernetes:core/v1:PersistentVolumeClaim"
    created, inputs = bench.create(kind, "late", {"metadata": {"name": "late"}, "spec": spec})
    assert created.outputs["status"]["phase"] == "Pending"
    read = bench.read(kind, "late", inputs)
    assert read is not None
    assert bench.diff(kind, "late", read, read.outputs["__inputs"], inputs)[0].is_same
    bench.delete(kind, "late", created, inputs)


def test_a_custom_kind_is_usable_right_after_its_definition(bench: Bench) -> None:
    group = f"{bench.namespace}.example.com"
    schema = {"openAPIV3Schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}}
    definition = {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    widget = {"metadata": {"name": "w"}, "spec": {"size": 5.0}}
    kind, definitions = f"kubernetes:{group}/v1:Widget", "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    ahead, widget_inputs = bench.create(kind, "w", widget, preview=True)
    assert ahead == Created(id="", outputs=widget_inputs)
    defined, inputs = bench.create(definitions, "widgets", definition)
    kept = defined.outputs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert kept["x_kubernetes_preserve_unknown_fields"] is True
    created, widget_inputs = bench.create(kind, "w", widget)
    assert created.outputs["spec"] == {"size": 5}
    assert created.id == f"{bench.namespace}/w"
    bench.delete(kind, "w", created, widget_inputs)
    bench.delete(definitions, "widgets", defined, inputs)
    assert bench.read(kind, "w", widget_inputs) is None


def test_kinds_without_readiness_come_and_go(bench: Bench) -> None:
    name = f"{bench.namespace}-wide"
    objects: list[tuple[str, Obj]] = [
        ("kubernetes:core/v1:ServiceAccount", {"metadata": {"name": "acting"}}),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:Role",
            {"metadata": {"name": "acting"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
        ),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            {
                "metadata": {"name": "acting"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "acting"},
                "subjects": [{"kind": "ServiceAccount", "name": "acting", "namespace": bench.namespace}],
            },
        ),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
            {"metadata": {"name": name}, "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]},
        ),
        (
            "kubernetes:networking.k8s.io/v1:NetworkPolicy",
            {"metadata": {"name": "deny"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}},
        ),
        (
            "kubernetes:networking.k8s.io/v1:Ingress",
            {
                "metadata": {"name": "in"},
                "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}},
            },
        ),
        (
            "kubernetes:policy/v1:PodDisruptionBudget",
            {"metadata": {"name": "keep"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}},
        ),
        (
            "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
            {
                "metadata": {"name": "scale"},
                "spec": {
                    "maxReplicas": 2.0,
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                },
            },
        ),
        ("kubernetes:core/v1:ResourceQuota", {"metadata": {"name": "quota"}, "spec": {"hard": {"pods": "50"}}}),
        (
            "kubernetes:core/v1:LimitRange",
            {"metadata": {"name": "limits"}, "spec": {"limits": [{"type": "Pod", "max": {"memory": "2Gi"}}]}},
        ),
        ("kubernetes:scheduling.k8s.io/v1:PriorityClass", {"metadata": {"name": name}, "value": 1000.0}),
        (
            "kubernetes:storage.k8s.io/v1:StorageClass",
            {"metadata": {"name": name}, "provisioner": "example.com/none", "parameters": {"a": "b"}},
        ),
        (
            "kubernetes:batch/v1:CronJob",
            {
                "metadata": {"name": "nightly"},
                "spec": {
                    "schedule": "0 3 * * *",
                    "jobTemplate": {"spec": bench.job("x", "true")["spec"]},
                },
            },
        ),
    ]
    for kind, wanted in objects:
        logical = wanted["metadata"]["name"]
        created, inputs = bench.create(kind, logical, wanted)
        read = bench.provider.read(bench.context(kind, logical), created.id, inputs)
        assert read is not None, kind
        assert read.id == created.id
        assert bench.diff(kind, logical, read, read.outputs["__inputs"], wanted)[0].is_same, kind
        updated, _ = bench.update(kind, logical, created, inputs, wanted)
        before, after = created.outputs["metadata"], updated.outputs["metadata"]
        assert before["uid"] == after["uid"], kind
        bench.delete(kind, logical, updated, inputs)
        assert bench.provider.read(bench.context(kind, logical), created.id, inputs) is None, kind


def test_a_namespace_goes_with_all_that_is_in_it(bench: Bench) -> None:
    name = f"{bench.namespace}-full"
    namespace, inputs = bench.create(NAMESPACE, name, {"metadata": {"name": name}})
    inside = {"metadata": {"name": "x", "namespace": name}, "data": {"a": "b"}}
    held, held_inputs = bench.create(CONFIG_MAP, "x", inside)
    start = time.monotonic()
    bench.delete(NAMESPACE, name, namespace, inputs)
    assert time.monotonic() - start > 0
    assert bench.provider.read(bench.context(NAMESPACE, name), name, inputs) is None
    bench.delete(CONFIG_MAP, "x", held, held_inputs)


def test_a_timeout_names_the_pod_that_is_not_ready(bench: Bench) -> None:
    probe = {"exec": {"command": ["/bin/false"]}, "periodSeconds": 1}
    wanted = bench.deployment("slow", "echo still warming up; sleep 3600", readinessProbe=probe)
    told = str(bench.fails(DEPLOYMENT, "slow", wanted, timeout=60))
    assert "is not ready after 60 s: 0 of 1 pods ready: slow-" in told
    assert "waits for main to be ready" in told
    assert "still warming up" in told


def test_what_asks_not_to_be_waited_for_is_not(bench: Bench) -> None:
    wanted = bench.deployment("unwatched", "exit 1")
    wanted["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    created, _ = bench.create(DEPLOYMENT, "unwatched", wanted)
    assert created.outputs["metadata"]["generation"] == 1
    assert bench.lines == []


@pytest.mark.parametrize(
    ("ending", "told"), [("cancelled", "was not waited for to the end"), ("over", "nothing more is made")]
)
def test_a_service_that_nothing_will_serve_is_not_waited_for_once_the_run_ends(
    bench: Bench, ending: str, told: str
) -> None:
    name = f"unserved-{ending}"
    inputs = bench.check(
        SERVICE, name, {"metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}
    )
    context = dataclasses.replace(bench.context(SERVICE, name), **{ending: lambda: True})
    with pytest.raises(ProviderError, match=told) as ended:
        bench.provider.create(context, inputs)
    partial = ended.value.partial
    assert partial is not None, "what is there is remembered"
    assert partial.id == f"{bench.namespace}/{name}"
    bench.delete(SERVICE, name, partial, inputs)
