"""What has to be there before what, as the engine is told it."""

import pytest

from local.engine.recording import Recording
from tests.harness import record_stack


def waits_for(recording: Recording) -> dict[str, set[str]]:
    """Logical name of each object with pods to the logical names that it depends on."""
    return {
        resource.name: {urn.rpartition("::")[2] for urn in resource.dependencies}
        for resource in recording.resources
        if resource.type in ("kubernetes:apps/v1:Deployment", "kubernetes:batch/v1:Job")
    }


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_new_version_comes_database_first_then_the_execution_api_then_the_workers(stack: str) -> None:
    found = waits_for(record_stack(stack))
    assert all("airflow-migration" in found[f"airflow-{role}"] for role in ("scheduler", "api-core", "api-execution"))
    assert "airflow-api-execution" in found["workers-default-workers"]
    assert {"workers-default-workers", "airflow-scheduler"} <= found["resumption-job"]
