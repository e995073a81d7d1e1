"""The running edge: what it lets through and what it does not."""

import ssl
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HOST = "airflow.localhost"


@pytest.fixture(scope="module")
def edge(address: Callable[[str, str], str], authority: Path) -> Generator[httpx.Client]:
    """A client that speaks to the edge's address and checks its certificate for the platform's host name."""
    context = ssl.create_default_context(cafile=str(authority))
    with httpx.Client(
        base_url=f"https://{address('airflow-edge', 'edge')}", headers={"Host": HOST}, verify=context, timeout=30
    ) as client:
        client.event_hooks = {"request": [_named], "response": []}
        yield client


def _named(request: httpx.Request) -> None:
    """The edge is asked for by address; its certificate carries the name."""
    request.extensions = {**request.extensions, "sni_hostname": HOST}


@pytest.fixture(scope="module")
def token(edge: httpx.Client, outputs: dict[str, Any]) -> str:
    """A token of the generated administrator."""
    body = {"username": outputs["admin_user"], "password": outputs["admin_password"]}
    answer = edge.post("/auth/token", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["access_token"]


def test_the_user_interface_is_served_with_security_headers(edge: httpx.Client) -> None:
    answer = edge.get("/", follow_redirects=False)
    assert answer.status_code in {200, 302, 307}
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert "nginx/" not in answer.headers.get("Server", "")


@pytest.mark.parametrize(
    "path",
    ["/execution", "/execution/", "/execution/health", "//execution/health", "/%65xecution/health", "/EXECUTION/health",
     "/x/../execution/health", "/./execution/health"],
)  # fmt: skip
def test_the_execution_api_is_never_reached(path: str, edge: httpx.Client) -> None:
    answer = edge.get(httpx.URL(str(edge.base_url)).copy_with(raw_path=path.encode()))
    assert answer.status_code in {403, 404}
    assert "healthy" not in answer.text


@pytest.mark.parametrize(
    "query", ["q=1%27%20OR%20%271%27=%271%27--", "q=%3Cscript%3Ealert(1)%3C/script%3E", "file=../../../../etc/passwd"]
)
def test_attacks_are_blocked(query: str, edge: httpx.Client) -> None:
    assert edge.get(f"/api/v2/version?{query}").status_code == 403


def test_plain_http_is_sent_to_https(address: Callable[[str, str], str]) -> None:
    answer = httpx.get(f"http://{address('airflow-edge', 'edge')}/dags", headers={"Host": HOST}, timeout=10)
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{HOST}/dags"


def test_a_wrong_password_is_refused(edge: httpx.Client, outputs: dict[str, Any]) -> None:
    answer = edge.post("/auth/token", json={"username": outputs["admin_user"], "password": "admin"})
    assert answer.status_code == 401


def test_free_text_of_the_public_api_passes_the_firewall(edge: httpx.Client, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    body = {"key": "e2e_free_text", "value": "SELECT * FROM users WHERE name = 'x' OR 1=1; <script>alert(1)</script>"}
    edge.delete("/api/v2/variables/e2e_free_text", headers=headers)
    created = edge.post("/api/v2/variables", json=body, headers=headers)
    assert created.status_code == 201, created.text
    assert edge.delete("/api/v2/variables/e2e_free_text", headers=headers).status_code == 204
