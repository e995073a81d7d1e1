"""One API server: requests by plain paths, discovery once per API group, patience with a server that restarts.

The official client gives credentials, TLS and the connection pool; objects stay plain values.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import quote

import tenacity

from local.engine.providers.kubernetes.errors import (
    ApiError,
    NoSuchKindError,
    UnreachableError,
    parse_status,
)
from local.engine.providers.kubernetes.kinds import Kind, Ref
from local.engine.providers.kubernetes.objects import Obj, dig_list, dig_text
from local.engine.providers.kubernetes.transport import Answer, Transport

RESTART_PATIENCE: Final = 60.0
"""Seconds during which a server that was there before may be away."""
FIRST_PATIENCE: Final = 5.0
"""The same for a server that never answered yet."""
_PASSING_CODES = frozenset({429, 500, 502, 503, 504})
_PASSING_500 = ("etcd", "failed calling webhook", "leader changed", "request timed out", "connection refused")
# A kind just defined by a CustomResourceDefinition takes a moment to be served.
_DISCOVERY_AGE = 1.0


@dataclass(frozen=True, slots=True)
class _Served:
    plural: str
    namespaced: bool


class Cluster:
    """An API server. Thread-safe."""

    def __init__(self, transport: Transport, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._transport = transport
        self._sleep = sleep
        self._lock = threading.Lock()
        self._groups: dict[str, tuple[float, dict[str, _Served]]] = {}
        self._answered = False

    def ping(self) -> None:
        """Ask for the server's version once. Raises UnreachableError or ApiError."""
        self._once("GET", "/version", None, "")

    def get(self, ref: Ref) -> Obj | None:
        """The object, or None when it or its kind does not exist."""
        try:
            return cast("Obj", self._request("GET", self.path(ref)).body)
        except NoSuchKindError:
            return None
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind: Kind, namespace: str, *, labels: str = "", fields: str = "") -> list[Obj]:
        """Objects of a kind in a namespace."""
        query = {"labelSelector": labels, "fieldSelector": fields}
        found = self._request("GET", self._collection(kind, namespace), {k: v for k, v in query.items() if v})
        return [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in dig_list(found.body, "items")]

    def apply(
        self,
        ref: Ref,
        body: Obj,
        manager: str,
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> tuple[Obj, tuple[str, ...]]:
        """Server-side apply; unknown fields are refused. The object as it is then, and the server's warnings."""
        query = {"fieldManager": manager, "force": json.dumps(force), "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        answer = self._request("PATCH", self.path(ref), query, body)
        return cast("Obj", answer.body), answer.warnings

    def delete(self, ref: Ref, propagation: str, uid: str = "") -> None:
        """Ask for deletion; already gone is fine."""
        body: Obj = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            self._request("DELETE", self.path(ref), None, body)
        except NoSuchKindError:
            return
        except ApiError as error:
            if error.code != 404:
                raise

    def logs(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        """The last lines a container wrote; empty when there are none any more."""
        query = {"container": container, "tailLines": str(lines), "previous": json.dumps(previous)}
        path = f"/api/v1/namespaces/{quote(namespace)}/pods/{quote(pod)}/log"
        try:
            return str(self._request("GET", path, query, accept="text/plain, */*").body)
        except ApiError:
            return ""

    def is_namespaced(self, kind: Kind) -> bool:
        """Whether objects of this kind live in namespaces. Raises NoSuchKindError."""
        return self._served(kind).namespaced

    def is_served(self, kind: Kind) -> bool:
        """Whether the server knows the kind."""
        try:
            self._served(kind)
        except NoSuchKindError:
            return False
        return True

    def forget_kinds(self) -> None:
        """Look kinds up anew: a CustomResourceDefinition came or went."""
        with self._lock:
            self._groups.clear()

    def path(self, ref: Ref) -> str:
        """The object's path on the server. Raises NoSuchKindError."""
        return f"{self._collection(ref.kind, ref.namespace)}/{quote(ref.name, safe=':')}"

    def _collection(self, kind: Kind, namespace: str) -> str:
        served = self._served(kind)
        place = f"/namespaces/{quote(namespace)}" if served.namespaced and namespace else ""
        return f"{_root(kind.api_version)}{place}/{served.plural}"

    def _served(self, kind: Kind) -> _Served:
        with self._lock:
            known = self._groups.get(kind.api_version)
        if known is not None and kind.name in known[1]:
            return known[1][kind.name]
        if known is None or time.monotonic() - known[0] > _DISCOVERY_AGE:
            kinds = self._discover(kind.api_version)
            with self._lock:
                self._groups[kind.api_version] = (time.monotonic(), kinds)
            if kind.name in kinds:
                return kinds[kind.name]
        raise NoSuchKindError(kind)

    def _discover(self, api_version: str) -> dict[str, _Served]:
        try:
            found = self._request("GET", _root(api_version))
        except ApiError as error:
            if error.code == 404:
                return {}
            raise
        return {
            dig_text(entry, "kind"): _Served(dig_text(entry, "name"), entry.get("namespaced") is True)
            for entry in dig_list(found.body, "resources")
            if "/" not in dig_text(entry, "name")
        }

    def _request(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Obj | None = None,
        *,
        accept: str = "application/json",
    ) -> Answer:
        patience = RESTART_PATIENCE if self._answered else FIRST_PATIENCE
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_passing),
            stop=tenacity.stop_after_delay(patience),
            wait=tenacity.wait_exponential(multiplier=0.2, max=3),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._once, method, _with_query(path, query), body, accept)

    def _once(self, method: str, path: str, body: Obj | None, accept: str) -> Answer:
        answer = self._transport.send(method, path, body, accept or "application/json")
        if answer.code not in {429, 502, 503, 504}:
            self._answered = True
        if answer.code >= 400:
            raise parse_status(answer.code, answer.body, answer.reason)
        return answer


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, UnreachableError):
        return True
    if not isinstance(error, ApiError) or error.code not in _PASSING_CODES:
        return False
    return error.code != 500 or any(word in error.message for word in _PASSING_500)


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _with_query(path: str, query: dict[str, str] | None) -> str:
    if not query:
        return path
    return path + "?" + "&".join(f"{quote(key)}={quote(value, safe='')}" for key, value in query.items())
