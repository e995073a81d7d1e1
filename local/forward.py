"""A local port that leads to a Service of the cluster."""

import re
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from local import paths
from local.engines import environment
from local.errors import LocalError, PreflightError
from local.stacks import context_of

_PATIENCE_SECONDS = 30
_AGAIN_SECONDS = 1.0
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


def kubectl() -> str:
    """The kubectl built for the local cluster when it is there, else the one on PATH."""
    built = paths.toolchain() / "bin" / "kubectl"
    return str(built) if built.exists() else "kubectl"


@dataclass(frozen=True, slots=True)
class Target:
    """A Service of the cluster."""

    service: str
    namespace: str


def edge_of(stack: str, values: Mapping[str, Any]) -> Target:
    """The bundled edge's Service, from the outputs of a stack.

    Raises:
        PreflightError: the stack is not deployed, or has no edge of its own.
    """
    host = str(values.get("edge_service_host") or "")
    if not host:
        raise PreflightError(f"stack = {stack}: no edge of its own is deployed. Run `make up STACK={stack}` first.")
    service, namespace = host.split(".")[:2]
    return Target(service, namespace)


def command(stack: str, context: str | None, target: Target, ports: str) -> list[str]:
    """The command that forwards; `ports` is `<local>:<service>`, an empty local one takes a free port."""
    return [
        kubectl(),
        "--context",
        str(context_of(stack, context)),
        "--namespace",
        target.namespace,
        "port-forward",
        f"service/{target.service}",
        ports,
    ]


@contextmanager
def forwarded(stack: str, context: str | None, target: Target, port: int) -> Generator[int]:
    """A free local port that leads to the Service while the block runs, also across restarts of the pods behind it.

    Raises:
        LocalError: nothing can be forwarded; the message holds kubectl's own.
    """
    forwarder = _Forwarder(stack, context, target, port)
    try:
        yield forwarder.local_port
    finally:
        forwarder.end()


class _Forwarder:
    """Runs `kubectl port-forward`, and runs it again on the same local port whenever its pod has gone."""

    def __init__(self, stack: str, context: str | None, target: Target, port: int) -> None:
        self._environment = environment(stack, context)
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._process = self._start(command(stack, context, target, f":{port}"))
        self.local_port = self._first_port(target.service)
        self._again = command(stack, context, target, f"{self.local_port}:{port}")
        threading.Thread(target=self._keep, daemon=True).start()

    def end(self) -> None:
        """Forward no more."""
        with self._guard:
            self._ended.set()
            self._process.terminate()
        self._process.wait()

    def _start(self, forward: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            forward, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def _first_port(self, service: str) -> int:
        timer = threading.Timer(_PATIENCE_SECONDS, self._process.kill)
        timer.start()
        try:
            return _local_port(self._process, service)
        except LocalError:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            timer.cancel()

    def _keep(self) -> None:
        while True:
            # It says a line for every connection, and ends with its pod.
            with self._process.stdout or nullcontext(()) as said:
                for _ in said:
                    pass
            if self._ended.wait(_AGAIN_SECONDS):
                return
            with self._guard:
                if self._ended.is_set():
                    return
                self._process = self._start(self._again)


def _local_port(process: subprocess.Popen[str], service: str) -> int:
    said: list[str] = []
    for line in process.stdout or ():
        if match := _FORWARDING.search(line):
            return int(match[1])
        said.append(line.strip())
    raise LocalError(f"cannot reach the Service {service}: {' '.join(said) or 'kubectl ended without a word'}")
