"""The worked stack files render, and keep to every rule at prod's level."""

import pytest
import yaml

from settings.load import own_values
from tests.harness import as_config, kubernetes, record_stack_with
from tests.policies.test_own_stacks import violations
from tests.settings.external import GIVEN
from tests.settings.stack_files import ROOT


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_worked_stack_file_renders_and_keeps_to_every_rule(cloud: str) -> None:
    text = (ROOT / "docs" / "examples" / f"Pulumi.{cloud}.yaml").read_text()
    values = own_values(yaml.safe_load(text)["config"])
    recording = record_stack_with("prod", as_config(**values, givenValues=GIVEN))
    # Only where the cloud has no S3 do logs go to a store of the stack's own.
    own_store = {"log-store"} if cloud == "azure" else set[str]()
    assert set(kubernetes(recording, "StatefulSet")) == {"prometheus"} | own_store
    jobs = {name.rpartition("-")[0] for name in kubernetes(recording, "Job")}
    assert {"broker-preflight", "postgres-configure"} <= jobs
    assert violations("prod", recording.resources) == []
