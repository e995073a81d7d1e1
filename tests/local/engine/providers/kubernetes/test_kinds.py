import pytest

from local.engine.providers.base import ProviderError
from local.engine.providers.kubernetes.kinds import Kind, Ref, parse_type


@pytest.mark.parametrize(
    ("token", "api_version", "group", "name", "namespaced"),
    [
        ("kubernetes:core/v1:Namespace", "v1", "", "Namespace", False),
        ("kubernetes:core/v1:ConfigMap", "v1", "", "ConfigMap", True),
        ("kubernetes:apps/v1:Deployment", "apps/v1", "apps", "Deployment", True),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
            "rbac.authorization.k8s.io/v1",
            "rbac.authorization.k8s.io",
            "ClusterRole",
            False,
        ),
        (
            "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
            "gateway.networking.k8s.io/v1",
            "gateway.networking.k8s.io",
            "HTTPRoute",
            True,
        ),
        ("kubernetes:example.com/v1:AllowList", "example.com/v1", "example.com", "AllowList", True),
        ("kubernetes:example.com/v1:HotPatch", "example.com/v1", "example.com", "HotPatch", True),
    ],
)
def test_a_type_names_a_kind(token: str, api_version: str, group: str, name: str, namespaced: bool) -> None:
    kind = parse_type(token)
    assert kind == Kind(api_version, name)
    assert kind.group == group
    assert kind.seems_namespaced is namespaced


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("kubernetes:helm.sh/v3:Release", "Helm"),
        ("kubernetes:kustomize/v2:Directory", "kustomize"),
        ("kubernetes:yaml/v2:ConfigFile", "YAML files"),
        ("kubernetes:core/v1:ConfigMapList", "each of its objects"),
        ("kubernetes:apps/v1:DeploymentPatch", "Declare the whole Deployment"),
        ("random:index:RandomId", "not a Kubernetes type"),
        ("kubernetes:Deployment", "not a Kubernetes type"),
    ],
)
def test_what_is_not_done_is_refused_by_name(token: str, says: str) -> None:
    with pytest.raises(ProviderError, match=says) as refused:
        parse_type(token)
    assert token in str(refused.value)


def test_an_address_reads_as_pulumi_records_it() -> None:
    assert Ref(Kind("v1", "Pod"), "a", "b").id == "a/b"
    assert str(Ref(Kind("v1", "Namespace"), "", "b")) == "Namespace b"
