"""The stage of the drills: the deployed stack that each file names."""

from collections.abc import Generator
from typing import Any, cast

import pytest

from tests.drills.airflow.stage import Stage, staged
from tests.drills.stack import DeployedStack


def _named_by(request: pytest.FixtureRequest, name: str) -> str:
    """A name that the file of the test defines."""
    return cast("Any", request).module.__dict__[name]


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DeployedStack:
    """The deployed stack, by the file's `STACK`."""
    name = _named_by(request, "STACK")
    return DeployedStack(name, tmp_path_factory.mktemp(name))


@pytest.fixture
def stage(stack: DeployedStack, request: pytest.FixtureRequest) -> Generator[Stage]:
    """The stack under load of the drill's own, in the namespace that is the file's `AIRFLOW`."""
    with staged(stack, _named_by(request, "AIRFLOW")) as stage:
        yield stage
