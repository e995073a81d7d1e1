"""Airflow's public API as the platform serves it, for whoever waits on something there."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, retry_if_result, wait_exponential

from local.errors import LocalError, PreflightError

POLL_SECONDS = 1.0


class _NamedTransport(httpx.HTTPTransport):
    """Checks the certificate for a name of its own instead of the URL's."""

    def __init__(self, host: str | None, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify)
        self._host = host

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._host:
            request.headers["Host"] = self._host
            request.extensions = {**request.extensions, "sni_hostname": self._host}
        return super().handle_request(request)


class AirflowApi:
    """The public API: tries again while the server or the way to it is not there yet."""

    def __init__(self, client: httpx.Client, deadline: float) -> None:
        self._client = client
        self._deadline = deadline

    @classmethod
    def connect(cls, base_url: str, ca_file: Path | None, host: str | None, *, deadline: float) -> "AirflowApi":
        """An API that is not logged in yet.

        Raises:
            PreflightError: the URL is none, or the authority's file cannot be read.
        """
        if not base_url.startswith(("https://", "http://")):
            raise PreflightError(f"url = {base_url}: write it with its scheme, such as https://localhost:8443.")
        try:
            context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        except OSError as error:
            raise PreflightError(f"ca-file = {ca_file}: it is no readable PEM certificate ({error}).") from error
        client = httpx.Client(base_url=base_url, transport=_NamedTransport(host, context), timeout=30.0)
        return cls(client, deadline)

    def __enter__(self) -> "AirflowApi":
        """Nothing to do; connections open by themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._client.close()

    def expired(self) -> bool:
        """Whether the time for all of it is over."""
        return time.monotonic() >= self._deadline

    def log_in(self, user: str, password: str) -> None:
        """Get a token and send it from now on."""
        body = {"username": user, "password": password}
        answer = self._send("POST", "/auth/token", body, retry=True)
        if answer.status_code == 401:
            raise LocalError(f"user = {user}: the platform does not accept the password.")
        self._client.headers["Authorization"] = f"Bearer {_checked(answer).json()['access_token']}"

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, accept_errors: bool = False
    ) -> httpx.Response:
        """One request below `/api/v2`; only reading and writing of whole values is tried again."""
        answer = self._send(method, f"/api/v2{path}", body, retry=method != "POST")
        return answer if accept_errors else _checked(answer)

    def write_all(self, path: str, entity: dict[str, Any]) -> None:
        """Create or overwrite one entity."""
        action = {"action": "create", "entities": [entity], "action_on_existence": "overwrite"}
        result = self.ask("PATCH", path, {"actions": [action]}).json()["create"]
        if result["errors"]:
            raise LocalError(f"{path}: {result['errors']}")

    def until(
        self,
        path: str,
        good: Callable[[httpx.Response], bool],
        complaint: str,
        *,
        show: Callable[[httpx.Response], str] | None = None,
        patience: float | None = None,
    ) -> httpx.Response:
        """Ask until the answer is good.

        Args:
            path: below `/api/v2`.
            good: whether an answer is.
            complaint: the error's text when none is in time.
            show: what of the last answer stands below the complaint.
            patience: seconds, when not until the deadline.
        """
        end = min(self._deadline, time.monotonic() + patience) if patience else self._deadline
        while True:
            answer = self.ask("GET", path, accept_errors=True)
            if good(answer):
                return answer
            if time.monotonic() >= end:
                shown = show(answer) if show else f"{answer.status_code} {answer.text[:300]}"
                raise LocalError(f"{complaint}:\n{shown}")
            time.sleep(POLL_SECONDS)

    def _send(self, method: str, path: str, body: dict[str, Any] | None, *, retry: bool) -> httpx.Response:
        def late(_: RetryCallState) -> bool:
            return self.expired() or not retry

        attempts = Retrying(
            retry=retry_if_exception(_is_transient) | retry_if_result(_is_unavailable),
            wait=wait_exponential(multiplier=0.5, max=5),
            stop=late,
            retry_error_callback=_last,
        )
        try:
            return attempts(self._client.request, method, path, json=body)
        except httpx.HTTPError as error:
            raise LocalError(f"{method} {self._client.base_url.join(path)}: {error}") from error


def is_ok(answer: httpx.Response) -> bool:
    """True for a plain success."""
    return answer.status_code == 200


def _is_transient(error: BaseException) -> bool:
    # A certificate that does not fit will not fit in a second either.
    return isinstance(error, httpx.TransportError) and "CERTIFICATE_VERIFY_FAILED" not in str(error)


def _is_unavailable(answer: httpx.Response) -> bool:
    return answer.status_code in {429, 502, 503, 504}


def _last(state: RetryCallState) -> httpx.Response:
    outcome = state.outcome
    if outcome is None:
        raise LocalError("no attempt was made")
    return outcome.result()


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        request = answer.request
        raise LocalError(f"{request.method} {request.url}: {answer.status_code} {answer.text[:500]}")
    return answer
