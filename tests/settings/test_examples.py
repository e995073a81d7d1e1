"""The worked stack files are ones that the settings accept."""

import pytest
import yaml

from components.contract.external_broker import external_broker
from components.contract.external_database import external_database
from settings.load import own_values, parse
from tests.settings.stack_files import ROOT

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("Pulumi.*.yaml"))


def test_there_is_one_for_each_cloud() -> None:
    assert [path.name for path in EXAMPLES] == ["Pulumi.aws.yaml", "Pulumi.azure.yaml", "Pulumi.gcp.yaml"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_worked_stack_file_is_accepted(path: object) -> None:
    settings = parse(own_values(yaml.safe_load((ROOT / str(path)).read_text())["config"]))
    assert external_broker(settings)
    assert external_database(settings)
    assert settings.environment.value == "prod"
