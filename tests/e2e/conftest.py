"""The running dev stack, as tests see it from the machine it runs on."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import deploy
from local.engines import environment
from local.forward import kubectl

Kubectl = Callable[..., str]


@pytest.fixture(scope="session")
def kube() -> Kubectl:
    """Runs kubectl against the local cluster and returns what it printed; `given` is what it reads."""

    def run(*arguments: str, given: str | None = None) -> str:
        result = subprocess.run(
            [kubectl(), *arguments],
            env=environment("dev", None),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


@pytest.fixture(scope="session")
def outputs() -> dict[str, Any]:
    """Outputs of the dev stack, secrets in plain."""
    values = deploy.output_values("dev", show_secrets=True)
    assert values, "the dev stack is not deployed: run `make up` first"
    return values


@pytest.fixture(scope="session")
def address(kube: Kubectl) -> Callable[[str, str], str]:
    """Cluster address of a Service; it is reachable from the machine itself."""

    def of(namespace: str, service: str) -> str:
        return json.loads(kube("get", "service", service, "-n", namespace, "-o", "json"))["spec"]["clusterIP"]

    return of


@pytest.fixture(scope="session")
def authority(outputs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The platform's own authority as a file."""
    path = tmp_path_factory.mktemp("authority") / "ca.crt"
    path.write_text(outputs["authority_certificate"])
    return path


@pytest.fixture(scope="session")
def prometheus(address: Callable[[str, str], str]) -> Callable[[str], list[dict[str, Any]]]:
    """Asks the running Prometheus; waits up to two scrape intervals for a first series."""
    base = f"http://{address('airflow-monitoring', 'prometheus')}:9090/api/v1/query"

    def ask(query: str) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 90
        while True:
            answer = httpx.get(base, params={"query": query}, timeout=10).json()
            assert answer["status"] == "success", answer
            result = answer["data"]["result"]
            if result or time.monotonic() > deadline:
                return result
            time.sleep(5)

    return ask
