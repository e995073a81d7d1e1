"""What preflights have in common: a look at a service that somebody else runs, before anything relies on it.

Runs inside the Airflow image. Needs nothing but Python.
"""

import json
import socket
import ssl
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

REFUSED = 2
"""Exit code of a service that cannot be used as it is: trying again would not help."""

_PATIENCE_SECONDS = 60
_CONNECT_SECONDS = 5
_ROUND_TRIPS = 21


@dataclass(frozen=True)
class Problem:
    """Something that keeps the service from being used: a key of the stack file, or what else has to change."""

    key: str
    value: object
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value}: {self.reason}. {self.way_out}."


class RefusedError(Exception):
    """A problem after which nothing else can be looked at."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def told() -> dict[str, Any]:
    """What the file says whose path is the program's argument."""
    content: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    return content


def secret(name: str) -> str:
    """A secret file, without the line's end."""
    return (Path("/run/secrets/airflow-platform") / name).read_text(encoding="utf-8").rstrip("\n")


def say(line: str) -> None:
    """One line for a person, at once."""
    print(line, flush=True)  # noqa: T201


def finish(service: str, problems: Sequence[Problem]) -> NoReturn:
    """All problems together, or the news that there are none; ends the program."""
    if not problems:
        say(f"{service} can be used")
        raise SystemExit(0)
    say(f"{service} cannot be used, {len(problems)} problem{'s' if len(problems) > 1 else ''}:")
    for problem in problems:
        say(f"  * {problem}")
    raise SystemExit(REFUSED)


def run(service: str, look: Callable[[], list[Problem]]) -> NoReturn:
    """Look, tell, end."""
    try:
        problems = look()
    except RefusedError as refused:
        problems = [refused.problem]
    finish(service, problems)


def reach(section: str, host: str, port: int, *, patience: float = _PATIENCE_SECONDS) -> None:
    """Open a connection and close it; a network that has just been told of this pod gets a minute.

    Raises:
        RefusedError: nobody answers.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
        except OSError as error:
            if time.monotonic() >= deadline:
                raise RefusedError(_unreachable(section, host, port, error)) from None
            say(f"{host}:{port} does not answer yet: {error}")
            time.sleep(5)
        else:
            return


def _unreachable(section: str, host: str, port: int, error: OSError) -> Problem:
    if isinstance(error, socket.gaierror):
        return Problem(f"{section}.host", host, f"the name does not resolve ({error})", "Write the service's own name")
    way_out = f"Let this cluster's pods in at the service (firewall, security group), and look at {section}.networks"
    return Problem(
        f"{section}.host", f"{host}:{port}", f"it cannot be reached for {_PATIENCE_SECONDS} s ({error})", way_out
    )


def verify(
    section: str, host: str, port: int, context: ssl.SSLContext, ask: Callable[[socket.socket], None] | None = None
) -> None:
    """Speak TLS, and verify the certificate and its name.

    Args:
        section: of the stack file.
        host: whose name the certificate must carry.
        port: of the service.
        context: by which it is verified.
        ask: what is said before TLS begins; nothing when left out.

    Raises:
        RefusedError: it speaks no TLS, or its certificate is not to be trusted.
    """
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS) as plain:
            if ask:
                ask(plain)
            with context.wrap_socket(plain, server_hostname=host) as wrapped:
                wrapped.do_handshake()
    except ssl.SSLCertVerificationError as error:
        raise RefusedError(untrusted(section, host, error.verify_message)) from None
    except (OSError, ssl.SSLError) as error:
        reason = f"it does not speak TLS on port {port} ({error})"
        raise RefusedError(Problem(f"{section}.port", port, reason, "Turn on encryption in transit there")) from None


def untrusted(section: str, host: str, why: str) -> Problem:
    """A certificate that does not verify."""
    way_out = (
        f"Write the certificates of its authority into {section}.authority, and a name that they stand for into host"
    )
    return Problem(f"{section}.authority", host, f"its certificate cannot be verified: {why.rstrip('.')}", way_out)


def round_trip_milliseconds(ask: Callable[[], object]) -> float:
    """Median over several questions."""
    taken: list[float] = []
    for _ in range(_ROUND_TRIPS):
        start = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)
