# pyright: basic
"""Brings pools, variables and connections to what the stack file declares: `declared.py {apply|check|repair}`.

Runs inside the Airflow image against the public API, any number of times. `declared.json` beside it says what is declared;
secret parts lie in files of their own. An object of ours carries a mark in its description: what carries it and is declared
no longer is deleted, and nothing else ever is. `check` changes nothing. Ends with 2 when the API refuses something, with 1
when it cannot be reached.
"""

import json
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_exponential,
)

TOLD = Path(__file__).with_name("declared.json")
MARK = "[airflow-platform]"
HIDDEN = "***"
"""What the API shows instead of a secret."""
PATIENCE_SECONDS = 300
PAGE = 100
UNAVAILABLE = {429, 502, 503, 504}
REFUSED, UNREACHABLE = 2, 1


@dataclass(frozen=True)
class Kind:
    """One kind of object: its path in the API, what a person calls it, and the key that names it."""

    path: str
    title: str
    key: str


KINDS = (
    Kind("pools", "pool", "name"),
    Kind("variables", "variable", "key"),
    Kind("connections", "connection", "connection_id"),
)


@dataclass(frozen=True)
class Change:
    """What has to be done about one object.

    Attributes:
        kind: of the object.
        name: of the object.
        verb: POST, PATCH, DELETE, or PUT for one that has to be made anew.
        lines: what differs, never with the text of a secret; none where only a secret is written again.
        body: the whole object.
    """

    kind: Kind
    name: str
    verb: str
    lines: tuple[str, ...]
    body: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind.title} {self.name}: {', '.join(self.lines)}"


class RefusedError(Exception):
    """The API does not take something; trying again would not help."""


def marked(description: str) -> str:
    """The description of an object of ours."""
    return f"{MARK} {description}".rstrip()


def is_ours(found: Mapping[str, Any]) -> bool:
    """Whether an object carries the mark."""
    return (found.get("description") or "").startswith(MARK)


def plan(
    kind: Kind, wanted: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]
) -> Iterator[Change]:
    """All changes of one kind, by name.

    Args:
        kind: whose.
        wanted: name to the declared object; `secret` in it lists fields that are secrets.
        found: name to the object as the API shows it.
    """
    for name, item in sorted(wanted.items()):
        body = {field: value for field, value in item.items() if field != "secret"}
        if name not in found:
            yield Change(kind, name, "POST", ("missing, declared",), body)
            continue
        lines = tuple(differences(item, found[name]))
        # What the API hides may have been changed unseen: it is written again whenever anything may be written.
        if lines or item.get("secret"):
            yield Change(kind, name, "PUT" if _keeps_password(body, found[name]) else "PATCH", lines, body)
    for name, item in sorted(found.items()):
        if name not in wanted and is_ours(item):
            yield Change(kind, name, "DELETE", ("declared no longer",), {})


def _keeps_password(body: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a password would stay that is not declared: the API sets another one, but takes none away."""
    return "password" in body and not body["password"] and bool(found.get("password"))


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """What differs, field by field, as a person reads it."""
    secret = wanted.get("secret", [])
    for field, value in wanted.items():
        if field == "secret" or same(value, found.get(field)):
            continue
        if field in secret or field == "password":
            state = "set, none" if value is None else "other than" if found.get(field) else "missing,"
            yield f"{field} {state} declared"
        else:
            yield f"{field} {shown(found.get(field))}, declared {shown(value)}"


def same(wanted: Any, found: Any) -> bool:
    """Whether what the API shows can be what is declared: a hidden part can be anything, nothing is as good as empty."""
    wanted, found = _read(wanted), _read(found)
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(same(wanted.get(key), found.get(key)) for key in wanted.keys() | found.keys())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(same, wanted, found))
    if isinstance(found, str) and HIDDEN in found:
        return wanted is not None
    return type(wanted) is type(found) and wanted == found


def _read(value: Any) -> Any:
    """A value as it is meant: the API writes JSON in its own way, and an empty value is none."""
    if isinstance(value, str):
        try:
            opened = json.loads(value)
        except ValueError:
            opened = value
        value = value if isinstance(opened, str) else opened
    return None if value in ("", {}) else value


def shown(value: Any) -> str:
    """A value for a line of the log."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class Api:
    """The public API, logged in as who may change these objects and nothing else."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        context = ssl.create_default_context(cafile=told["authority"])
        self._client = httpx.Client(base_url=told["url"], verify=context, timeout=30.0)
        login = {"username": told["user"], "password": _text(told["password"])}
        token = checked(self._send("POST", "/auth/token", login)).json()["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def all(self, kind: Kind) -> dict[str, dict[str, Any]]:
        """Every object of a kind by its name."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            query = f"?limit={PAGE}&offset={len(found)}&order_by=id"
            page = checked(self._send("GET", f"/api/v2/{kind.path}{query}")).json()
            found |= {item[kind.key]: item for item in page[kind.path]}
            if len(found) >= page["total_entries"] or not page[kind.path]:
                return found

    def make(self, change: Change) -> None:
        """Carry out a change.

        Raises:
            RefusedError: the API does not take it.
        """
        place = f"/api/v2/{change.kind.path}"
        itself = f"{place}/{quote(change.name, safe='')}"
        if change.verb in ("DELETE", "PUT"):
            gone = self._send("DELETE", itself)
            if gone.status_code != 404:
                checked(gone)
        if change.verb == "DELETE":
            return
        body = {change.kind.key: change.name, **change.body}
        if change.verb in ("POST", "PUT"):
            made = self._send("POST", place, body)
            # Made by a try whose answer was lost.
            if made.status_code != 409:
                checked(made)
                return
        if change.kind.path == "pools":
            body = {"pool": change.name, **change.body}
        checked(self._send("PATCH", itself, body))

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        attempts = Retrying(
            retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(_is_unavailable),
            wait=wait_exponential(multiplier=0.5, max=10),
            stop=stop_after_delay(PATIENCE_SECONDS),
            retry_error_callback=_last,
        )
        return attempts(self._client.request, method, path, json=body)


def _is_unavailable(answer: httpx.Response) -> bool:
    return answer.status_code in UNAVAILABLE


def _last(state: RetryCallState) -> httpx.Response:
    if state.outcome is None:
        raise RuntimeError("no attempt was made")
    return state.outcome.result()


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer, when it is a success.

    Raises:
        RefusedError: what the API says about it, without what it was sent.
    """
    if not answer.is_error:
        return answer
    raise RefusedError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {reason(answer)}")


def reason(answer: httpx.Response) -> str:
    """Why something was refused. Details of a wrong value come with the value itself, which may be a secret."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
    if not isinstance(detail, list):
        return str(detail.get("reason", answer.reason_phrase) if isinstance(detail, dict) else detail)[:300]
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in detail)


def wanted_of(told: Mapping[str, Any], kind: Kind) -> dict[str, dict[str, Any]]:
    """The declared objects of a kind with their mark, and their secrets read from files.

    Raises:
        RefusedError: what should be a JSON object is none, all of them together.
    """
    result: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []
    for name, item in told[kind.path].items():
        body = {field: value for field, value in item.items() if field != "files"}
        files = {field: _text(file) for field, file in item.get("files", {}).items()}
        if "extra" in files:
            further = _object(files["extra"])
            if further is None:
                wrong.append(f"{kind.title} {name}: what extraFrom names is no JSON object")
            files["extra"] = json.dumps({**json.loads(body["extra"]), **(further or {})})
        result[name] = {**body, **files, "description": marked(item["description"]), "secret": sorted(files)}
    if wrong:
        raise RefusedError("\n".join(wrong))
    return result


def _object(text: str) -> dict[str, Any] | None:
    """A JSON object; None for any other text."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _text(file: str) -> str:
    return Path(file).read_text(encoding="utf-8").strip()


def gauge(told: Mapping[str, Any], name: str, value: int) -> None:
    """Tell the StatsD exporter."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outgoing:
        outgoing.sendto(f"airflow.{name}:{value}|g".encode(), (told["statsd_host"], told["statsd_port"]))


def say(text: str) -> None:
    """A line of the Job's log."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def work(told: Mapping[str, Any], mode: str) -> tuple[int, int, list[str]]:
    """Compare, and unless only looking, mend.

    Returns:
        Objects that differ still, objects that were mended, and what was refused.
    """
    api = Api(told)
    left, mended, refused = 0, 0, []
    for kind in KINDS:
        for change in plan(kind, wanted_of(told, kind), api.all(kind)):
            if mode == "check":
                if change.lines:
                    left += 1
                    say(str(change))
                continue
            try:
                api.make(change)
            except RefusedError as error:
                left += 1
                refused.append(f"{change.kind.title} {change.name}: {error}")
                continue
            if change.lines:
                mended += 1
                say(f"{change}; {'deleted' if change.verb == 'DELETE' else 'written'}")
    return left, mended, refused


def main() -> int:
    """Run once; the exit code."""
    mode = sys.argv[1]
    told = json.loads(TOLD.read_text(encoding="utf-8"))
    try:
        left, mended, refused = work(told, mode)
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except httpx.HTTPError as error:
        sys.stderr.write(f"{told['url']} cannot be reached: {error}\n")
        return UNREACHABLE
    gauge(told, "declared_drift", left)
    gauge(told, "declared_repaired", 0 if mode == "apply" else mended)
    declared = sum(len(told[kind.path]) for kind in KINDS)
    say(f"{mode}: {declared} objects declared, {mended} written or deleted, {left} differ")
    for line in refused:
        sys.stderr.write(f"{line}\n")
    return REFUSED if refused else 0


if __name__ == "__main__":
    sys.exit(main())
