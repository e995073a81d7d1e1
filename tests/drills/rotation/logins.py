"""Clients that log in without a pause while secrets are rotated, as pods that run and as pods that start would."""

import base64
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import psycopg

from tests.drills.stack import StackObjects

_PAUSE_SECONDS = 0.1
_LOOK_SECONDS = 2.0
_TIMEOUT_SECONDS = 10


class Cluster(StackObjects):
    """The stack's objects, its Secrets above all."""

    def secret_of(self, namespace: str, workload: str) -> str:
        """The Secret that a pod of the workload would mount if it started now."""
        volumes = self.get("--namespace", namespace, workload)["spec"]["template"]["spec"]["volumes"]
        return next(volume["secret"]["secretName"] for volume in volumes if volume["name"] == "secrets")

    def newest_secret(self, namespace: str, consumer: str) -> str:
        """The newest Secret of a consumer whose pods come and go."""
        found = [
            item["metadata"]
            for item in self.get("secrets", "--namespace", namespace)["items"]
            if item["metadata"]["name"].startswith(f"{consumer}-secrets-")
        ]
        return max(found, key=lambda metadata: metadata["creationTimestamp"])["name"]

    def files(self, namespace: str, secret: str) -> dict[str, str]:
        """The files of a Secret."""
        template = '{{range $name, $text := .data}}{{$name}} {{$text}}{{"\\n"}}{{end}}'
        listed = self.kubectl("get", "secret", secret, "--namespace", namespace, f"--output=go-template={template}")
        pairs = (line.split(" ", 1) for line in listed.splitlines() if line)
        return {name: _decoded(text) for name, text in pairs}

    def address_of(self, host: str) -> str:
        """Cluster address of a Service by its full host name; it is reachable from the machine itself."""
        service, namespace = host.split(".")[:2]
        return self.address(namespace, service)


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


Login = Callable[[dict[str, str]], None]
"""Logs in with a consumer's files; an error of any kind is raised."""


def database_login(cluster: Cluster) -> Login:
    """Logs in to the database as the file `database_url` says, and asks one question."""
    addresses: dict[str, str] = {}

    def log_in(files: dict[str, str]) -> None:
        url = urlsplit(files["database_url"])
        host = url.hostname or ""
        if host not in addresses:
            addresses[host] = cluster.address_of(host)
        connection = psycopg.connect(
            host=host,
            hostaddr=addresses[host],
            port=url.port,
            user=url.username,
            password=url.password,
            dbname=url.path.lstrip("/"),
            sslmode="require",
            connect_timeout=_TIMEOUT_SECONDS,
        )
        with connection:
            connection.execute("SELECT count(*) FROM task_instance", prepare=False)

    return log_in


def broker_login(cluster: Cluster) -> Login:
    """Logs in to the broker as the file `broker_url` says: by Sentinels, as a client does, at the first that answers."""
    addresses: dict[str, str] = {}

    def ask(host: str, port: int, files: dict[str, str], question: str) -> str:
        if host not in addresses:
            addresses[host] = cluster.address_of(host)
        login = urlsplit(files["broker_url"].split(";")[0])
        context = ssl.create_default_context(cadata=files["ca.crt"])
        with (
            socket.create_connection((addresses[host], port), timeout=_TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            secured.sendall(f"AUTH {login.username} {login.password}\r\n".encode())
            answer = secured.recv(1024)
            if not answer:
                raise ConnectionError("it hung up before it answered")
            if not answer.startswith(b"+OK"):
                raise PermissionError(answer.decode())
            secured.sendall(f"{question}\r\n".encode())
            return secured.recv(1024).decode()

    def log_in(files: dict[str, str]) -> None:
        places = [urlsplit(part) for part in files["broker_url"].split(";")]
        if places[0].scheme != "sentinel":
            ask(places[0].hostname or "", places[0].port or 0, files, "PING")
            return
        host, port = _leader(
            lambda place, question: ask(place.hostname or "", place.port or 0, files, question), places
        )
        ask(host, port, files, "PING")

    return log_in


def _leader(ask: Callable[[SplitResult, str], str], sentinels: Sequence[SplitResult]) -> tuple[str, int]:
    """Host and port of who leads.

    Raises:
        PermissionError: a Sentinel does not let the client in.
        ConnectionError: none answers.
    """
    for sentinel in sentinels:
        try:
            # *2 $<length> <host> $<length> <port>
            said = ask(sentinel, "SENTINEL GET-MASTER-ADDR-BY-NAME airflow").split("\r\n")
        except PermissionError:
            raise
        except OSError:
            continue
        return said[2], int(said[4])
    raise ConnectionError("no Sentinel answers")


@dataclass(slots=True)
class Client:
    """Logs in again and again, with the credentials of a consumer.

    Attributes:
        name: in the report.
        cluster: where.
        namespace: of the consumer.
        workload: the consumer, such as `deployment/scheduler`.
        log_in: how.
        follows: True for a pod that starts: takes the Secret that the workload names now. False for one that runs:
            keeps what it began with.
    """

    name: str
    cluster: Cluster
    namespace: str
    workload: str
    log_in: Login
    follows: bool
    succeeded: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    unreachable: Counter[str] = field(default_factory=Counter[str])
    longest_gap: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])
    _files: dict[str, str] = field(default_factory=dict[str, str])

    def __enter__(self) -> Self:
        self.succeeded, self.refused, self.unreachable, self.longest_gap = 0, Counter(), Counter(), 0.0
        self._stop.clear()
        self._look()
        loops = [self._log_in_always, self._follow] if self.follows else [self._log_in_always]
        self._threads = [threading.Thread(target=loop, daemon=True) for loop in loops]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def report(self) -> dict[str, Any]:
        """What came of it; `longest_gap` in seconds between two successful logins."""
        return {
            "logins": self.succeeded,
            "failed_logins": dict(self.refused),
            "unreachable": dict(self.unreachable),
            "longest_gap": round(self.longest_gap, 2),
        }

    def _look(self) -> None:
        secret = self.cluster.secret_of(self.namespace, self.workload)
        self._files = self.cluster.files(self.namespace, secret)

    def _follow(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            self._look()

    def _log_in_always(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(_PAUSE_SECONDS):
            try:
                self.log_in(self._files)
            except (OSError, psycopg.Error) as error:
                self._failed(error)
            else:
                now = time.monotonic()
                self.succeeded += 1
                self.longest_gap, last = max(self.longest_gap, now - last), now

    def _failed(self, error: Exception) -> None:
        text = " ".join(str(error).split())[-160:]
        denied = isinstance(error, PermissionError) or any(
            word in text
            for word in ("password authentication", "no such user", "SASL", "not permitted", "FATAL:  role")
        )
        (self.refused if denied else self.unreachable)[text] += 1
