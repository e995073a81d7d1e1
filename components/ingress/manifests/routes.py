"""Routes for an edge of the cluster's own: a Gateway API HTTPRoute, or a classic Ingress.

Both name api-core alone, which does not serve the execution API; a Gateway also answers `/execution` itself.
"""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names
from settings.ingress import GatewayReference, IngressSettings


def http_route_spec(ingress: IngressSettings, gateway: GatewayReference, *, port: int) -> dict[str, Any]:
    """Spec of `gateway.networking.k8s.io/v1` HTTPRoute.

    A rule without backends answers 404 by the Gateway API's own words, and the longer prefix wins.
    """
    parent = {"name": gateway.name, "namespace": gateway.namespace}
    return {
        "parentRefs": [{**parent, "sectionName": gateway.section} if gateway.section else parent],
        "hostnames": [ingress.host],
        "rules": [
            {"matches": [{"path": {"type": "PathPrefix", "value": "/execution"}}]},
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": names.API_CORE, "port": port}],
            },
        ],
    }


def backend_tls_spec(*, host: str, config_map: pulumi.Input[str]) -> dict[str, Any]:
    """Spec of `gateway.networking.k8s.io/v1` BackendTLSPolicy: the Gateway verifies api-core's certificate."""
    return {
        "targetRefs": [{"group": "", "kind": "Service", "name": names.API_CORE}],
        "validation": {
            "hostname": host,
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": config_map}],
        },
    }


def ingress_spec(ingress: IngressSettings, *, port: int) -> k8s.networking.v1.IngressSpecArgs:
    """Spec of a classic Ingress."""
    backend = k8s.networking.v1.IngressBackendArgs(
        service=k8s.networking.v1.IngressServiceBackendArgs(
            name=names.API_CORE, port=k8s.networking.v1.ServiceBackendPortArgs(number=port)
        )
    )
    return k8s.networking.v1.IngressSpecArgs(
        ingress_class_name=ingress.class_name,
        tls=[k8s.networking.v1.IngressTLSArgs(hosts=[ingress.host], secret_name=ingress.tls_secret)],
        rules=[
            k8s.networking.v1.IngressRuleArgs(
                host=ingress.host,
                http=k8s.networking.v1.HTTPIngressRuleValueArgs(
                    paths=[k8s.networking.v1.HTTPIngressPathArgs(path="/", path_type="Prefix", backend=backend)]
                ),
            )
        ],
    )
