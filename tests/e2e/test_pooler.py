"""Transaction pooling and Airflow's two engines: repeated statements that commit, in parallel, without one error."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Kubectl

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

INSIDE = Path(__file__).parent / "inside" / "pooler_commits.py"


def test_commits_through_the_pooler(kube: Kubectl) -> None:
    said = kube("exec", "-n", "airflow", "deploy/scheduler", "--", "python", "-W", "ignore", "-c", INSIDE.read_text())
    # Airflow logs on the same stream.
    found = next(json.loads(line) for line in said.splitlines() if line.startswith('{"errors"'))
    assert found["errors"] == {"sync": [], "async": []}
    assert found["ended_on_the_last_value"] == 16
