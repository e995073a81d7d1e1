"""The stage of the drills: the deployed smallest stack."""

from collections.abc import Generator

import pytest

from tests.drills.airflow.stage import Stage, staged
from tests.drills.stack import DeployedStack

STACK, AIRFLOW = "small", "small-airflow"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> DeployedStack:
    """The deployed stack."""
    return DeployedStack(STACK, tmp_path_factory.mktemp("small"))


@pytest.fixture
def stage(stack: DeployedStack) -> Generator[Stage]:
    """The stack under load of the drill's own."""
    with staged(stack, AIRFLOW) as stage:
        yield stage
