"""The stack of these drills: deployed with a version, asked, and watched."""

import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local import deploy, paths
from local.airflow_api import AirflowApi
from local.forward import edge_of, forwarded
from local.progress import ConsoleReporter
from local.stacks import stack_config
from local.up import run_smoke_dag
from tests.drills import deploy_with
from tests.drills.stack import StackObjects

STACK = StackObjects("versions")
AIRFLOW, DATA = "versions-airflow", "versions-data"


def deployed(version: str, image: str | None, **migration: Any) -> subprocess.CompletedProcess[str]:
    """Deploy the stack with a version; `image` is None for that of the repository."""
    config = stack_config(STACK.name)
    airflow = {**config["airflow-platform:airflow"], "version": version, "migration": migration}
    images = {**config["airflow-platform:images"], "overrides": {"airflow": image} if image else {}}
    return deploy_with.deployed(STACK.name, airflow=airflow, images=images)


def smoke() -> None:
    """Run the smoke DAG to its end."""
    run_smoke_dag(STACK.name, None, ConsoleReporter())


def query(sql: str) -> str:
    """Ask the metadata database as its superuser."""
    psql = ("psql", "-U", "postgres", "-d", "airflow", "--no-align", "--tuples-only", "-c", sql)
    return STACK.kubectl("-n", DATA, "exec", "postgres-0", "-c", "postgres", "--", *psql).strip()


@contextmanager
def api() -> Generator[AirflowApi]:
    """The public API, logged in."""
    values = deploy.output_values(STACK.name, show_secrets=True)
    authority = paths.checkout() / "build" / "versions-ca.crt"
    authority.parent.mkdir(exist_ok=True)
    authority.write_text(str(values["authority_certificate"]))
    with (
        forwarded(STACK.name, None, edge_of(STACK.name, values), 443) as port,
        AirflowApi.connect(
            f"https://localhost:{port}", authority, None, deadline=time.monotonic() + 3600
        ) as connection,
    ):
        connection.log_in("admin", str(values["admin_password"]))
        yield connection


@dataclass
class Watch:
    """How long something was away, looked at every half second."""

    present: Callable[[], bool]
    away_seconds: float = 0.0
    longest_seconds: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Generator["Watch"]:
        """Look while the block runs."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    def _look(self) -> None:
        last, since = time.monotonic(), None
        while not self._stop.wait(0.5):
            is_there = self._is_there()
            now = time.monotonic()
            if is_there:
                since = None
            else:
                since = last if since is None else since
                self.away_seconds += now - last
                self.longest_seconds = max(self.longest_seconds, now - since)
            last = now

    def _is_there(self) -> bool:
        try:
            return self.present()
        except Exception:  # noqa: BLE001 - whatever keeps it from answering
            return False


def has_ready(deployment: str) -> bool:
    """Whether a pod of a Deployment is ready."""
    path = "jsonpath={.status.readyReplicas}"
    return STACK.kubectl("-n", AIRFLOW, "get", "deployment", deployment, "-o", path) not in ("", "0")
