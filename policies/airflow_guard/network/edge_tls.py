"""What faces the outside speaks TLS."""

from collections.abc import Iterator
from functools import partial

from ..model import Finding, Resource, Severity, Stack, StackRule, each_resource
from ..node import Node
from ..options import Options

_SECURE = frozenset({"HTTPS", "TLS"})


def check(stack: Stack, _options: Options) -> Iterator[Finding]:
    """Ingresses without TLS for a host, and listeners that serve plain HTTP."""
    yield from each_resource(stack.of_kind("Ingress"), _ingress)
    yield from each_resource(stack.of_kind("Gateway"), partial(_gateway, stack.of_kind("HTTPRoute")))


def _ingress(ingress: Resource) -> Iterator[Finding]:
    spec = ingress.props.at("spec")
    blocks = spec.at("tls").items
    if not blocks:
        yield Finding(what="serves plain HTTP", path=spec.at("tls").path, resource=ingress)
        return
    covered = {host.text for block in blocks for host in block.at("hosts").items}
    for block in blocks:
        secret = block.at("secretName")
        if not secret.text:
            yield Finding(what="names no certificate", path=secret.path, resource=ingress, mend="set tls.secretName")
    for rule in spec.at("rules").items:
        host = rule.at("host")
        if not _covers(host.text, covered):
            yield Finding(
                what=f"serves {host.text or 'every host'} without a certificate", path=host.path, resource=ingress
            )


def _covers(host: str, covered: set[str]) -> bool:
    wildcard = f"*.{host.partition('.')[2]}"
    return bool(host) and (host in covered or wildcard in covered)


def _gateway(routes: list[Resource], gateway: Resource) -> Iterator[Finding]:
    for listener in gateway.props.at("spec", "listeners").items:
        protocol = listener.at("protocol")
        if protocol.text in _SECURE:
            yield from _certificate(listener, gateway)
        elif not _only_redirects(listener.at("name").text, gateway, routes):
            yield Finding(what=f"listens for plain {protocol.text}", path=protocol.path, resource=gateway)


def _certificate(listener: Node, gateway: Resource) -> Iterator[Finding]:
    tls = listener.at("tls")
    references = tls.at("certificateRefs")
    if tls.at("mode").text != "Passthrough" and references.empty:
        yield Finding(
            what="names no certificate", path=references.path, resource=gateway, mend="set tls.certificateRefs"
        )


def _only_redirects(listener: str, gateway: Resource, routes: list[Resource]) -> bool:
    """Plain HTTP may stand where all that is attached to it sends the client to HTTPS."""
    attached = [route for route in routes if _attached(route, gateway, listener)]
    rules = [rule for route in attached for rule in route.props.at("spec", "rules").items]
    return bool(rules) and all(_redirects(rule) for rule in rules)


def _attached(route: Resource, gateway: Resource, listener: str) -> bool:
    name = gateway.props.at("metadata", "name").text
    for parent in route.props.at("spec", "parentRefs").items:
        section = parent.at("sectionName").text
        if parent.at("name").text == name and section in {"", listener}:
            return True
    return False


def _redirects(rule: Node) -> bool:
    redirects = [item.at("requestRedirect", "scheme").text == "https" for item in rule.at("filters").items]
    return any(redirects) and rule.at("backendRefs").empty


RULE = StackRule(
    name="edge-tls",
    title="Ingresses and gateways speak TLS; plain HTTP only redirects",
    why="logins, session cookies and API tokens pass the edge",
    mend="name a certificate for every host, and let plain HTTP do nothing but redirect to HTTPS",
    severity=Severity.HIGH,
    references=("NSA/CISA Kubernetes Hardening Guide: encryption", "Kyverno: require-ingress-https"),
    check=check,
)
