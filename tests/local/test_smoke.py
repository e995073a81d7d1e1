"""The smoke run's ways to fail that need no platform; its success is watched by `make e2e`."""

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID

from local.errors import LocalError, PreflightError
from local.progress import SilentReporter
from local.smoke import log_lines, run_smoke

NAME = "platform.example"


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "tls.crt", folder / "tls.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


class Refusing(http.server.BaseHTTPRequestHandler):
    """Answers every request with 401 and keeps the Host header it saw."""

    hosts: list[str]

    def do_POST(self) -> None:
        self.hosts.append(self.headers["Host"])
        self.send_response(401)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """URL, authority and the Host headers of a real TLS server whose certificate is for another name."""
    public, private = self_signed(tmp_path)
    handler = type("Handler", (Refusing,), {"hosts": list[str]()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(public, private)
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{httpd.server_address[1]}", public, handler.hosts
        httpd.shutdown()
        thread.join()


def smoke(url: str, ca_file: Path | None = None, *, seconds: float = 20.0, host: str | None = None) -> None:
    run_smoke(url, ca_file, "admin", "secret-password", seconds, SilentReporter(), host=host)


def test_a_wrong_password_is_told_without_repeating_it(server: tuple[str, Path, list[str]]) -> None:
    url, authority, hosts = server
    with pytest.raises(LocalError, match="user = admin: the platform does not accept the password") as caught:
        smoke(url, authority, host=NAME)
    assert "secret-password" not in str(caught.value)
    assert hosts == [NAME]


def test_a_certificate_for_another_name_is_told_at_once(server: tuple[str, Path, list[str]]) -> None:
    url, authority, hosts = server
    started = time.monotonic()
    with pytest.raises(LocalError, match="CERTIFICATE_VERIFY_FAILED"):
        smoke(url, authority, seconds=60.0)
    assert time.monotonic() - started < 30.0
    assert hosts == []


def test_a_server_that_is_not_there_is_waited_for_and_then_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(LocalError, match=rf"POST https://127\.0\.0\.1:{port}/auth/token"):
        smoke(f"https://127.0.0.1:{port}", seconds=1.5)
    assert time.monotonic() - started >= 1.5


def test_a_missing_authority_and_a_url_without_scheme_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match="ca-file = "):
        smoke("https://localhost", tmp_path / "none.crt")
    with pytest.raises(PreflightError, match="url = localhost:8443: write it with its scheme"):
        smoke("localhost:8443")


def test_log_lines_hold_messages_and_what_was_raised() -> None:
    content = [
        {"event": "::group::Log message source details"},
        {"event": "one\ntwo"},
        {"event": "Task failed", "error_detail": [{"exc_type": "ValueError", "exc_value": "no"}]},
    ]
    assert log_lines(httpx.Response(200, json={"content": content}))[1:] == [
        "one",
        "two",
        "Task failed",
        "ValueError: no",
    ]
    assert log_lines(httpx.Response(404, text="gone")) == ["(the log cannot be read: 404 gone)"]
