"""A local port that leads to a Service of the cluster."""

import re
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local import paths
from local.engines import environment
from local.errors import LocalError, PreflightError
from local.stacks import context_of

_PATIENCE_SECONDS = 30
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
    """A free local port that leads to the Service while the block runs.

    Raises:
        LocalError: nothing can be forwarded; the message holds kubectl's own.
    """
    process = subprocess.Popen(
        command(stack, context, target, f":{port}"),
        env=environment(stack, context),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    timer = threading.Timer(_PATIENCE_SECONDS, process.kill)
    timer.start()
    try:
        yield _local_port(process, target.service)
    finally:
        timer.cancel()
        process.terminate()
        process.wait()


def _local_port(process: subprocess.Popen[str], service: str) -> int:
    said: list[str] = []
    for line in process.stdout or ():
        if match := _FORWARDING.search(line):
            return int(match[1])
        said.append(line.strip())
    raise LocalError(f"cannot reach the Service {service}: {' '.join(said) or 'kubectl ended without a word'}")
