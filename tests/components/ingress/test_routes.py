"""Routes for an edge of the cluster's own never lead to the execution API."""

from typing import Any, cast

from components.ingress.manifests import routes
from components.ingress.peers import workloads
from components.ingress.secrets import consumers
from settings.ingress import GatewayReference, IngressSettings
from settings.load import parse
from tests.settings.stack_files import changed, values_of

GATEWAY = GatewayReference(name="public", namespace="gateways", section="https")


def test_the_gateway_answers_the_execution_path_itself() -> None:
    spec = routes.http_route_spec(IngressSettings(host="airflow.example.com"), GATEWAY, port=8080)
    execution, everything = spec["rules"]
    assert execution == {"matches": [{"path": {"type": "PathPrefix", "value": "/execution"}}]}
    assert everything["backendRefs"] == [{"name": "api-core", "port": 8080}]
    assert spec["parentRefs"] == [{"name": "public", "namespace": "gateways", "sectionName": "https"}]
    assert spec["hostnames"] == ["airflow.example.com"]


def test_the_gateway_verifies_api_core() -> None:
    spec = routes.backend_tls_spec(host="api-core.airflow.svc.cluster.local", config_map="airflow-authority")
    assert spec["targetRefs"][0]["name"] == "api-core"
    assert spec["validation"]["hostname"] == "api-core.airflow.svc.cluster.local"


def test_a_classic_ingress_names_api_core_alone() -> None:
    settings = IngressSettings(host="airflow.example.com", class_name="haproxy", tls_secret="airflow-tls")
    spec = routes.ingress_spec(settings, port=8080)
    assert spec.ingress_class_name == "haproxy"
    (rule,) = cast("list[Any]", spec.rules)
    assert rule.host == "airflow.example.com"
    assert [path.backend.service.name for path in rule.http.paths] == ["api-core"]


def test_only_the_bundled_edge_has_pods_and_secrets() -> None:
    bundled = parse(values_of("prod"))
    assert [workload.name for workload in workloads(bundled)] == ["edge"]
    assert [consumer.name for consumer in consumers(bundled)] == ["edge"]
    gateway = changed(values_of("prod"), "ingress.kind", "gateway")
    routed = parse(changed(gateway, "ingress.gateway", {"name": "public", "namespace": "gateways"}))
    assert workloads(routed) == ()
    assert consumers(routed) == ()


def test_the_edge_talks_to_api_core_and_nobody_else() -> None:
    (edge,) = workloads(parse(values_of("dev")))
    assert [(need.workload, need.port) for need in edge.needs] == [("api-core", "https")]
    assert edge.reaches == frozenset()


def test_the_edge_reads_no_secret_but_its_own_certificate() -> None:
    (own,) = consumers(parse(values_of("dev")))
    assert own.values() == {"authority_certificate", "tls_certificate", "tls_private_key"}
    assert "airflow.localhost" in own.tls_names
    (given,) = consumers(parse(changed(values_of("dev"), "ingress.tlsSecret", "airflow-tls")))
    assert given.values() == {"authority_certificate"}
