"""The stage of the drill: the deployed stack and its queue under load."""

from collections.abc import Generator

import pytest

from tests.drills.scaling.loaded_queue import STACK, Queue, queue_of
from tests.drills.stack import DeployedStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> DeployedStack:
    """The deployed stack."""
    return DeployedStack(STACK, tmp_path_factory.mktemp("scaling"))


@pytest.fixture
def queue(stack: DeployedStack) -> Generator[Queue]:
    """Its queue, watched from now on."""
    with queue_of(stack) as queue:
        yield queue
