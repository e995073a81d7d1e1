"""The edge's configuration as text: what is routed, what is refused, what is verified upstream."""

import pytest

from components.ingress.manifests import firewall, nginx
from settings.ingress import FirewallSettings, IngressSettings

HOST = "api-core.airflow.svc.cluster.local"


def rendered(**changes: object) -> str:
    settings = IngressSettings.model_validate({"host": "airflow.example.com", **changes})
    return nginx.render(settings, upstream_host=HOST, upstream_port=8080)


def test_the_upstream_is_verified() -> None:
    text = rendered()
    assert f"server {HOST}:8080;" in text
    assert "proxy_pass https://airflow;" in text
    assert "proxy_ssl_verify on;" in text
    assert f"proxy_ssl_name {HOST};" in text


def test_the_execution_api_is_refused_before_anything_is_proxied() -> None:
    text = rendered()
    assert text.index("location ~* ^/execution(/|$) { return 404; }") < text.index("proxy_pass https://airflow;")
    assert text.count("proxy_pass") == 1


def test_a_client_cannot_claim_another_address() -> None:
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in rendered()
    assert "$proxy_add_x_forwarded_for" not in rendered()


def test_settings_reach_the_text() -> None:
    text = rendered(requestsPerSecond=7, maxBody="3m")
    assert "rate=7r/s;" in text
    assert "client_max_body_size 3m;" in text


def test_a_given_certificate_replaces_ours() -> None:
    assert "ssl_certificate /run/secrets/airflow-platform/tls.crt;" in rendered()
    assert "ssl_certificate /run/certificate/tls.crt;" in rendered(tlsSecret="airflow-tls")


def test_braces_are_balanced_and_lines_end() -> None:
    for line in rendered().splitlines():
        assert line == "" or line.rstrip().endswith((";", "{", "}")), line
    assert rendered().count("{") == rendered().count("}")


@pytest.mark.parametrize(("mode", "engine"), [("off", "Off"), ("detect", "DetectionOnly"), ("block", "On")])
def test_modes_of_the_firewall(mode: str, engine: str) -> None:
    assert f"SecRuleEngine {engine}" in firewall.render(FirewallSettings.model_validate({"mode": mode})).splitlines()
    assert ("modsecurity on;" in rendered(firewall={"mode": mode})) == (mode != "off")


def test_own_settings_of_the_firewall_stand_between_setup_and_rules() -> None:
    lines = firewall.render(FirewallSettings(paranoia_level=3)).splitlines()
    setup = lines.index("Include /etc/modsecurity/crs/crs-setup.conf")
    rules = lines.index("Include /usr/share/modsecurity-crs/rules/*.conf")
    paranoia = next(number for number, line in enumerate(lines) if "tx.paranoia_level=3" in line)
    assert setup < paranoia < rules
    assert all(setup < number < rules for number, line in enumerate(lines) if "ruleRemoveTargetByTag" in line)


def test_rule_ids_are_unique() -> None:
    ids = [
        line.split("id:")[1].split(",")[0] for line in firewall.render(FirewallSettings()).splitlines() if "id:" in line
    ]
    assert len(ids) == len(set(ids)) == 2 + len(firewall.FREE_TEXT)


def test_bodies_are_never_logged() -> None:
    assert "SecAuditLogParts AHZ" in firewall.render(FirewallSettings())
