"""The certificates that a stack's servers show, asked one pod after the other."""

import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cryptography import x509

if TYPE_CHECKING:
    from tests.drills.rotation.logins import Cluster

_TIMEOUT_SECONDS = 10
_ASK_FOR_TLS = bytes.fromhex("0000000804d2162f")
"""What a client of PostgreSQL sends before TLS begins."""


@dataclass(frozen=True, slots=True)
class Server:
    """A port with TLS of a workload's pods.

    Attributes:
        space: `airflow`, `data` or `edge`.
        workload: name of the pods.
        port: of each pod.
        speaks_postgres: whether TLS is asked for first.
    """

    space: str
    workload: str
    port: int
    speaks_postgres: bool = False


SERVERS = (
    Server("data", "postgres", 5432, speaks_postgres=True),
    Server("data", "postgres", 8008),
    Server("data", "postgres-pooler", 5432, speaks_postgres=True),
    Server("data", "postgres-backup-store", 7070),
    Server("data", "valkey", 6379),
    Server("data", "valkey-sentinel", 26379),
    Server("airflow", "api-core", 8080),
    Server("airflow", "api-execution", 8080),
    Server("edge", "edge", 8443),
)


def first_days(cluster: "Cluster", namespaces: dict[str, str]) -> dict[str, set[date]]:
    """First day of validity of what each pod shows, by workload and port; workloads that are not there are left out."""
    found: dict[str, set[date]] = {}
    for server in SERVERS:
        addresses = list(_addresses(cluster, namespaces[server.space], server.workload))
        if addresses:
            shown = {_first_day(address, server) for address in addresses}
            found[f"{server.workload}:{server.port}"] = shown
    return found


def _addresses(cluster: "Cluster", namespace: str, workload: str) -> Iterable[str]:
    pods = cluster.get("pods", "--namespace", namespace, "--selector", f"app.kubernetes.io/name={workload}")["items"]
    for pod in pods:
        if "deletionTimestamp" not in pod["metadata"] and pod["status"]["phase"] == "Running":
            yield pod["status"]["podIP"]


def _first_day(address: str, server: Server) -> date:
    context = ssl.create_default_context()
    # Only what it shows is looked at; that clients verify it is their matter, and they run beside.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((address, server.port), timeout=_TIMEOUT_SECONDS) as plain:
        if server.speaks_postgres:
            plain.sendall(_ASK_FOR_TLS)
            assert plain.recv(1) == b"S", f"{server.workload} at {address} has no TLS"
        with context.wrap_socket(plain) as secured:
            shown = secured.getpeercert(binary_form=True)
    assert shown
    return x509.load_der_x509_certificate(shown).not_valid_before_utc.date()
