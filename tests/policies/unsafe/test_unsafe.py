"""`make policy` refuses each of the prepared unsafe stacks with a report that helps. `make unsafe` runs this."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import paths

HERE = Path(__file__).parent
pytestmark = pytest.mark.unsafe


@dataclass(frozen=True)
class Refusal:
    """How a program must be refused.

    Attributes:
        rule: that must refuse it.
        where: the object, as the report names it.
        what: what the report says of it.
        mend: a word of the advice.
    """

    rule: str
    where: str
    what: str
    mend: str


REFUSALS = {
    "edge_routes_execution": Refusal(
        "closed-execution-api", "Ingress airflow/execution", "routes /execution to the inside", "public api-server only"
    ),
    "missing_default_deny": Refusal(
        "default-deny", "Namespace airflow", "no NetworkPolicy denies egress by default", "empty podSelector"
    ),
    "mutable_tag": Refusal(
        "pinned-images", "Deployment airflow/scheduler, container airflow", "can change under its name", "@sha256:"
    ),
    "no_drain_grace": Refusal(
        "worker-drain", "Deployment airflow/worker-default", "is killed 30 s after", "terminationGracePeriodSeconds"
    ),
    "plain_secret": Refusal(
        "plain-secrets", "Deployment airflow/scheduler", "AIRFLOW__SMTP__SMTP_PASSWORD", "mount it as a file"
    ),
    "privileged_pod": Refusal("restricted-pods", "DaemonSet airflow/debug", "shares the node's PID", "hostPID"),
    "public_database": Refusal(
        "service-exposure", "Service airflow-data/postgres-public", "asks for a load balancer", "ClusterIP"
    ),
    "single_scheduler": Refusal("replica-floors", "Deployment airflow/scheduler", "1", "replicas"),
    "unbounded_autoscaler": Refusal(
        "autoscaler-bounds", "ScaledObject airflow/worker-default", "has no maximum", "maxReplicaCount"
    ),
    "unprotected_database": Refusal(
        "protected-data", "StatefulSet airflow-data/postgres", "is not protected", "protect=True"
    ),
    "wildcard_rbac": Refusal("least-rbac", "ClusterRole airflow-deployer", "grants all verbs", "one by one"),
    "worker_with_database_url": Refusal(
        "worker-secrets", "Deployment airflow/worker-default", "hands workers the metadata database", "execution API"
    ),
}


def test_every_program_is_run_and_listed() -> None:
    programs = {path.stem for path in HERE.glob("*.py")} - {"spoil", "test_unsafe"}
    assert programs == REFUSALS.keys()
    assert len(programs) >= 10
    listed = re.findall(r"\[(\w+)\.py\]\(\w+\.py\) \| ([a-z-]+)", (HERE / "README.md").read_text())
    assert dict(listed) == {name: refusal.rule for name, refusal in REFUSALS.items()}


@pytest.mark.timeout(600)  # 10 s each on an idle machine
@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_it_is_refused(name: str, tmp_path: Path) -> None:
    refusal, sarif = REFUSALS[name], tmp_path / "found.sarif"
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "local",
            "policy",
            "--stack",
            "prod",
            "--program",
            HERE / f"{name}.py",
            "--sarif",
            sarif,
        ],
        cwd=paths.checkout(),
        env={**os.environ, "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    [block] = [block for block in _blocks(run.stdout) if block.startswith(f"mandatory {refusal.rule} ")][:1]
    title, place, why, mend, see = block.splitlines()[:5]
    assert title.endswith(tuple("abcdefghijklmnopqrstuvwxyz`"))
    assert refusal.where in place
    assert refusal.what in place
    assert why.strip().startswith("Why: ")
    assert mend.strip().startswith("Mend: ")
    assert refusal.mend in mend
    assert see.strip() == f"See: docs/policies/{refusal.rule}.md"
    assert refusal.rule in {result["ruleId"] for result in json.loads(sarif.read_text())["runs"][0]["results"]}
    # Unsafe in one thing: what else is said concerns the same object.
    assert len(_blocks(run.stdout)) <= 12, run.stdout


def _blocks(report: str) -> list[str]:
    """The violations of a report, each with its indented lines."""
    return [text for text in re.split(r"\n(?=\S)", report) if text.startswith(("mandatory", "advisory"))]
