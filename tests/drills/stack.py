"""A deployed stack, as drills see it from the machine it runs on."""

import json
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from local import deploy
from local.airflow_api import AirflowApi
from local.engines import environment
from local.forward import kubectl
from tests.drills.waiting import DrillError

_PATIENCE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod and what a drill needs to know of it.

    Attributes:
        name: of the pod.
        uid: of the pod; another one after it was made anew.
        address: in the pod network.
        role: what Patroni says it is, empty elsewhere.
        ready: whether Services count it.
        containers: id of each running container by name.
    """

    name: str
    uid: str
    address: str
    role: str
    ready: bool
    containers: dict[str, str]


class StackObjects:
    """What a stack has in its cluster, whether it is there yet or not.

    Attributes:
        name: of the stack.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def environment(self) -> dict[str, str]:
        """Of whatever talks to its cluster."""
        return environment(self.name, None)

    def kubectl(self, *arguments: str, timeout: float = 60, check: bool = True, stdin: str | None = None) -> str:
        """Run kubectl and return what it printed.

        Raises:
            DrillError: it does not answer in time, or fails.
        """
        try:
            result = subprocess.run(
                [kubectl(), *arguments],
                env=self.environment,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DrillError(f"kubectl {' '.join(arguments[:6])}: no answer in {timeout:.0f} s") from error
        if check and result.returncode:
            raise DrillError(f"kubectl {' '.join(arguments[:6])}: {result.stderr.strip()}")
        return result.stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or list as the API server gives it."""
        return json.loads(self.kubectl("get", *arguments, "--output", "json"))

    def pods(self, namespace: str, workload: str | None = None) -> list[Pod]:
        """Pods that are not on their way out, by name."""
        chosen = ("--selector", f"app.kubernetes.io/name={workload}") if workload else ()
        items = self.get("pods", "--namespace", namespace, *chosen)["items"]
        return sorted(
            (_pod(item) for item in items if "deletionTimestamp" not in item["metadata"]), key=lambda pod: pod.name
        )

    def address(self, namespace: str, service: str) -> str:
        """Cluster address of a Service; the machine itself reaches it."""
        return self.get("service", service, "--namespace", namespace)["spec"]["clusterIP"]

    def alerts(self, namespace: str) -> dict[str, str]:
        """State of each alert that fires (`firing`), or will when it lasts (`pending`), by the Prometheus in a namespace."""
        answer = httpx.get(f"http://{self.address(namespace, 'prometheus')}:9090/api/v1/alerts", timeout=10)
        alerts = answer.raise_for_status().json()["data"]["alerts"]
        # One that fires for one series and waits for another comes last, and counts as firing.
        return dict(sorted(((alert["labels"]["alertname"], alert["state"]) for alert in alerts), reverse=True))

    def gateway(self, namespace: str) -> str:
        """This machine's address in the pod network, by the address of some pod of a namespace."""
        pods = self.get("pods", "--namespace", namespace)["items"]
        address = next(found for pod in pods if (found := pod["status"].get("podIP")))
        return f"{address.rpartition('.')[0]}.1"


class DeployedStack(StackObjects):
    """A stack that is there: its objects, Services and outputs.

    Attributes:
        outputs: of the stack, with the secret ones.
        authority: file with the certificate of its authority.
    """

    def __init__(self, name: str, folder: Path) -> None:
        """Read the outputs of the deployed stack; `folder` takes the authority's certificate."""
        super().__init__(name)
        self.outputs = deploy.output_values(name, show_secrets=True)
        assert self.outputs, f"the stack {name} is not deployed: run its target of the Makefile"
        self.authority = folder / "ca.crt"
        self.authority.write_text(str(self.outputs["authority_certificate"]))

    @contextmanager
    def api(self, namespace: str) -> Generator[AirflowApi]:
        """The public API of the Airflow in a namespace, straight at its Service, logged in."""
        with AirflowApi.connect(
            f"https://{self.address(namespace, 'api-core')}:8080",
            self.authority,
            f"api-core.{namespace}.svc.cluster.local",
            deadline=time.monotonic() + _PATIENCE_SECONDS,
        ) as api:
            api.log_in("admin", str(self.outputs["admin_password"]))
            yield api


def _pod(item: dict[str, Any]) -> Pod:
    status = item["status"]
    running = {
        container["name"]: container["containerID"].rpartition("/")[2]
        for container in status.get("containerStatuses", ())
        if container.get("containerID") and "running" in container.get("state", {})
    }
    ready = any(found["type"] == "Ready" and found["status"] == "True" for found in status.get("conditions", ()))
    return Pod(
        name=item["metadata"]["name"],
        uid=item["metadata"]["uid"],
        address=status.get("podIP", ""),
        role=item["metadata"].get("labels", {}).get("airflow-platform/role", ""),
        ready=ready,
        containers=running,
    )
