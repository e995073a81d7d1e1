from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engine.providers.base import UNKNOWN, Created, Diff
from local.engine.providers.kubernetes.config import ProviderConfig
from local.engine.providers.kubernetes.diff import diff_inputs
from local.engine.providers.kubernetes.immutable import forces_replacement
from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.objects import changes, path_text

STATEFUL_SET = Kind("apps/v1", "StatefulSet")
CONFIG_MAP = Kind("v1", "ConfigMap")
MUTABLE = ProviderConfig(secrets_mutable=True, config_maps_mutable=True)

scalars = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


def named(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", "namespace": "n"}, **fields}


def diff(
    kind: Kind,
    old: dict[str, Any],
    new: dict[str, Any],
    outputs: dict[str, Any] | None = None,
    config: ProviderConfig = MUTABLE,
) -> Diff:
    return diff_inputs(kind, Created(id="n/a", outputs=outputs or old), old, new, config)


@given(values)
def test_equal_values_do_not_differ(value: object) -> None:
    assert list(changes(value, value)) == []


@given(values, values)
def test_the_differing_paths_are_the_same_from_both_sides(left: object, right: object) -> None:
    forth = {path: (before, after) for path, before, after in changes(left, right)}
    back = {path: (after, before) for path, before, after in changes(right, left)}
    assert forth == back


@given(st.dictionaries(st.text(min_size=1, max_size=4), values, max_size=4), values)
def test_a_new_key_is_the_one_change(mapping: dict[str, Any], value: object) -> None:
    found = list(changes(mapping, {**mapping, "brand-new-key": value}))
    assert found == [(("brand-new-key",), None, value)]


def test_numbers_are_equal_by_value_but_not_to_truth() -> None:
    assert list(changes(1, 1.0)) == []
    assert list(changes(1, True)) == [((), 1, True)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "containers", 0, "image"), "spec.containers[0].image"),
        (("metadata", "annotations", "a.b/c"), 'metadata.annotations["a.b/c"]'),
        (("data", 'with"quote'), 'data["with\\"quote"]'),
    ],
)
def test_paths_are_written_as_pulumi_writes_them(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


def test_the_same_inputs_are_the_same() -> None:
    inputs = named(spec={"replicas": 1})
    assert diff(STATEFUL_SET, inputs, inputs).is_same


def test_a_state_of_the_cli_without_kind_and_namespace_is_the_same() -> None:
    old = {"metadata": {"name": "a"}, "data": {"x": "y"}}
    new = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default"},
        "data": {"x": "y"},
    }
    assert diff(CONFIG_MAP, old, new).is_same


def test_a_change_is_named_with_both_sides() -> None:
    found = diff(STATEFUL_SET, named(spec={"replicas": 1}), named(spec={"replicas": 2}))
    assert found == Diff(changed={"spec.replicas": (1, 2)})


@pytest.mark.parametrize(
    ("kind", "path", "replaces"),
    [
        ("apps/v1 StatefulSet", "spec.replicas", False),
        ("apps/v1 StatefulSet", "spec.template.spec.containers", False),
        ("apps/v1 StatefulSet", "spec.updateStrategy.type", False),
        ("apps/v1 StatefulSet", "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", False),
        ("apps/v1 StatefulSet", "spec.minReadySeconds", False),
        ("apps/v1 StatefulSet", "spec.ordinals.start", False),
        ("apps/v1 StatefulSet", "spec.serviceName", True),
        ("apps/v1 StatefulSet", "spec.volumeClaimTemplates", True),
        ("apps/v1 StatefulSet", "spec.podManagementPolicy", True),
        ("apps/v1 StatefulSet", "spec.selector.matchLabels.app", True),
        ("apps/v1 StatefulSet", "metadata.labels.app", False),
        ("apps/v1 Deployment", "spec.selector.matchLabels.app", True),
        ("apps/v1 Deployment", "spec.template.metadata.labels.app", False),
        ("apps/v1 DaemonSet", "spec.selector", True),
        ("batch/v1 Job", "spec.template.spec.restartPolicy", True),
        ("batch/v1 Job", "spec.completions", True),
        ("batch/v1 Job", "spec.backoffLimit", False),
        ("batch/v1 Job", "spec.ttlSecondsAfterFinished", False),
        ("batch/v1 CronJob", "spec.jobTemplate.spec.template", False),
        ("v1 Service", "spec.clusterIP", True),
        ("v1 Service", "spec.ports", False),
        ("v1 PersistentVolumeClaim", "spec.resources.requests.storage", False),
        ("v1 PersistentVolumeClaim", "spec.volumeAttributesClassName", False),
        ("v1 PersistentVolumeClaim", "spec.resources.limits.storage", True),
        ("v1 PersistentVolumeClaim", "spec.accessModes", True),
        ("v1 PersistentVolume", "spec.hostPath.path", True),
        ("v1 PersistentVolume", "spec.capacity.storage", False),
        ("v1 Pod", "spec.containers", True),
        ("v1 Pod", "metadata.labels.x", False),
        ("v1 Secret", "type", True),
        ("v1 Secret", "data.x", False),
        ("v1 ConfigMap", "data.x", False),
        ("v1 ResourceQuota", "spec.hard.pods", False),
        ("v1 Namespace", "metadata.name", True),
        ("v1 Namespace", "metadata.labels.x", False),
        ("rbac.authorization.k8s.io/v1 RoleBinding", "roleRef.name", True),
        ("rbac.authorization.k8s.io/v1 ClusterRoleBinding", "roleRef", True),
        ("rbac.authorization.k8s.io/v1 RoleBinding", "subjects", False),
        ("storage.k8s.io/v1 StorageClass", "parameters.type", True),
        ("storage.k8s.io/v1 StorageClass", "allowVolumeExpansion", False),
        ("scheduling.k8s.io/v1 PriorityClass", "value", True),
        ("scheduling.k8s.io/v1 PriorityClass", "description", False),
        ("networking.k8s.io/v1 NetworkPolicy", "spec.podSelector.matchLabels.x", False),
        ("policy/v1 PodDisruptionBudget", "spec.selector", False),
        ("gateway.networking.k8s.io/v1 HTTPRoute", "spec.rules", False),
        ("gateway.networking.k8s.io/v1 HTTPRoute", "metadata.namespace", True),
        ("apiextensions.k8s.io/v1 CustomResourceDefinition", "spec.scope", False),
    ],
)
def test_what_needs_a_new_object(kind: str, path: str, replaces: bool) -> None:
    api_version, name = kind.split()
    found = forces_replacement(Kind(api_version, name), tuple(path.split(".")), content_is_fixed=False)
    assert found is replaces


def test_a_fixed_name_is_freed_before_it_is_taken_again() -> None:
    found = diff(STATEFUL_SET, named(spec={"serviceName": "x"}), named(spec={"serviceName": "y"}))
    assert found.replace == {"spec.serviceName"}
    assert found.delete_before_replace


def test_another_name_lets_the_new_object_come_first() -> None:
    new = {"metadata": {"name": "b", "namespace": "n"}}
    found = diff(STATEFUL_SET, named(), new)
    assert found.replace == {"metadata.name"}
    assert not found.delete_before_replace


def test_a_generated_name_lets_the_new_object_come_first() -> None:
    def inputs(service: str) -> dict[str, Any]:
        metadata = {"name": "a-12345678", "namespace": "n", "annotations": {"pulumi.com/autonamed": "true"}}
        return {"metadata": metadata, "spec": {"serviceName": service}}

    found = diff(STATEFUL_SET, inputs("x"), inputs("y"))
    assert found.replace == {"spec.serviceName"}
    assert not found.delete_before_replace


def test_spelling_out_what_already_is_so_needs_no_new_object() -> None:
    outputs = named(spec={"podManagementPolicy": "OrderedReady"})
    found = diff(STATEFUL_SET, named(spec={}), named(spec={"podManagementPolicy": "OrderedReady"}), outputs)
    assert set(found.changed) == {"spec.podManagementPolicy"}
    assert not found.replace


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_contents_are_replaced_unless_the_provider_says_they_may_change(kind: str) -> None:
    old, new = named(data={"x": "YQ=="}), named(data={"x": "Yg=="})
    assert diff(Kind("v1", kind), old, new, config=ProviderConfig()).replace == {"data.x"}
    assert not diff(Kind("v1", kind), old, new).replace


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_an_immutable_content_is_replaced_always(kind: str) -> None:
    old, new = named(data={"x": "YQ=="}, immutable=True), named(data={"x": "Yg=="}, immutable=True)
    assert diff(Kind("v1", kind), old, new).replace == {"data.x"}
    thawed = diff(Kind("v1", kind), old, named(data={"x": "YQ=="}))
    assert thawed.replace == {"immutable"}
    assert not diff(Kind("v1", kind), named(), named(immutable=True)).replace


def test_another_version_of_the_same_group_is_no_new_object() -> None:
    old = named(apiVersion="autoscaling/v1", kind="HorizontalPodAutoscaler")
    new = named(apiVersion="autoscaling/v2", kind="HorizontalPodAutoscaler")
    found = diff(Kind("autoscaling/v2", "HorizontalPodAutoscaler"), old, new)
    assert set(found.changed) == {"apiVersion"}
    assert not found.replace


def test_another_group_is_a_new_object() -> None:
    old = named(apiVersion="extensions/v1beta1", kind="Ingress")
    new = named(apiVersion="networking.k8s.io/v1", kind="Ingress")
    found = diff(Kind("networking.k8s.io/v1", "Ingress"), old, new)
    assert found.replace == {"apiVersion"}
    assert not found.delete_before_replace


def test_a_value_not_known_yet_is_a_change() -> None:
    found = diff(CONFIG_MAP, named(data={"x": "y"}), named(data={"x": UNKNOWN}))
    assert found.changed == {"data.x": ("y", UNKNOWN)}
