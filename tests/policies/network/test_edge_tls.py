from typing import Any

import pytest
from airflow_guard.network.edge_tls import RULE
from airflow_guard.node import UNKNOWN

from tests.policies.objects import ABSENT, change, gateway, ingress, judge_stack, paths, redirect_route, stack_of

HTTPS = "spec.listeners[0]"
HTTP = "spec.listeners[1]"


def test_silent_on_compliant() -> None:
    assert judge_stack(RULE, stack_of(ingress(), gateway(), redirect_route())) == []
    wildcard = change(ingress(), "spec.tls[0].hosts[0]", "*.example.com")
    assert judge_stack(RULE, stack_of(wildcard)) == []


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("spec.tls", ABSENT, "spec.tls"),
        ("spec.tls", [], "spec.tls"),
        ("spec.tls[0].secretName", ABSENT, "spec.tls[0].secretName"),
        ("spec.tls[0].hosts[0]", "other.example.com", "spec.rules[0].host"),
        ("spec.rules[0].host", ABSENT, "spec.rules[0].host"),
    ],
)
def test_ingress_violating_and_absent(path: str, value: Any, found: str) -> None:
    assert paths(judge_stack(RULE, stack_of(change(ingress(), path, value)))) == [found]


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (f"{HTTPS}.tls", ABSENT, f"{HTTPS}.tls.certificateRefs"),
        (f"{HTTPS}.protocol", "HTTP", f"{HTTPS}.protocol"),
    ],
)
def test_gateway(path: str, value: Any, found: str) -> None:
    assert paths(judge_stack(RULE, stack_of(change(gateway(), path, value), redirect_route()))) == [found]


@pytest.mark.parametrize(
    "route",
    [
        change(redirect_route(), "spec.rules[0].filters[0].requestRedirect.scheme", "http"),
        change(redirect_route(), "spec.rules[0].backendRefs", [{"name": "api-server-core"}]),
        change(redirect_route(), "spec.rules[1]", {"backendRefs": [{"name": "api-server-core"}]}),
        change(redirect_route(), "spec.parentRefs[0].sectionName", "https"),
        change(redirect_route(), "spec.parentRefs[0].name", "another"),
    ],
)
def test_plain_http_may_only_redirect(route: dict[str, Any]) -> None:
    assert paths(judge_stack(RULE, stack_of(gateway(), route))) == [f"{HTTP}.protocol"]


def test_unknown() -> None:
    made = [change(ingress(), "spec.rules[0].host", UNKNOWN), change(gateway(), f"{HTTP}.protocol", UNKNOWN)]
    found = judge_stack(RULE, stack_of(*made))
    assert [(item.path, item.unknown) for item in found] == [("spec.rules[0].host", True), (f"{HTTP}.protocol", True)]
