"""What the dev stack declares stands in Airflow; what somebody changes is shown and put back."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.airflow_api import AirflowApi
from tests.e2e.conftest import Kubectl

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

POOL = {"pool": "exports", "slots": 4, "include_deferred": False}


@pytest.fixture
def api(outputs: dict[str, Any], authority: Path, address: Callable[[str, str], str]) -> Iterator[AirflowApi]:
    base = f"https://{address('airflow', 'api-core')}:8080"
    name = "api-core.airflow.svc.cluster.local"
    with AirflowApi.connect(base, authority, name, deadline=time.monotonic() + 120) as found:
        found.log_in(outputs["admin_user"], outputs["admin_password"])
        yield found


def run(kube: Kubectl, folder: Path, name: str, mode: str) -> str:
    """The log of a run as the schedule makes it, or as a deployment does."""
    file = folder / f"{name}.json"
    made = kube("create", "job", name, "--from=cronjob/declared", "-n", "airflow", "--dry-run=client", "-o", "json")
    job = json.loads(made)
    job["spec"]["template"]["spec"]["containers"][0]["args"][-1] = mode
    kube("delete", "job", name, "-n", "airflow", "--ignore-not-found")
    file.write_text(json.dumps(job))
    kube("create", "-f", str(file))
    try:
        kube("wait", "--for=condition=complete", f"job/{name}", "-n", "airflow", "--timeout=180s")
        return kube("logs", f"job/{name}", "-n", "airflow")
    finally:
        kube("delete", "job", name, "-n", "airflow")


def test_a_pool_changed_by_hand_is_shown_and_then_put_back(kube: Kubectl, api: AirflowApi, tmp_path: Path) -> None:
    assert api.ask("GET", "/pools/exports").json()["slots"] == POOL["slots"]
    assert api.ask("GET", "/variables/stage").json()["value"] == "dev"
    api.ask("PATCH", "/pools/exports", {**POOL, "slots": 2})
    assert "pool exports: slots 2, declared 4\n" in run(kube, tmp_path, "declared-e2e-look", "check")
    assert api.ask("GET", "/pools/exports").json()["slots"] == 2
    assert "pool exports: slots 2, declared 4; written\n" in run(kube, tmp_path, "declared-e2e-mend", "repair")
    assert api.ask("GET", "/pools/exports").json()["slots"] == POOL["slots"]


def test_what_is_of_ours_and_not_declared_goes_and_what_is_not_stays(
    kube: Kubectl, api: AirflowApi, tmp_path: Path
) -> None:
    for name, description in (("e2e_ours", "[airflow-platform] of an earlier stack file"), ("e2e_theirs", "by hand")):
        api.write_all("/pools", {"name": name, "slots": 1, "description": description})
    try:
        assert "pool e2e_ours: declared no longer; deleted\n" in run(kube, tmp_path, "declared-e2e-drop", "apply")
        assert api.ask("GET", "/pools/e2e_ours", accept_errors=True).status_code == 404
        assert api.ask("GET", "/pools/e2e_theirs").json()["slots"] == 1
    finally:
        api.ask("DELETE", "/pools/e2e_theirs")
