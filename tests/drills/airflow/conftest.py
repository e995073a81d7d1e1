"""The stage of the drills: the running dev stack."""

import logging
import os
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest

from tests.drills.airflow.stage import STACK, Stage, staged, tell
from tests.drills.stack import DeployedStack

Told = Callable[[str, Mapping[str, Any]], None]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> DeployedStack:
    """The dev stack as `make up` leaves it."""
    # A line per request hides what the drills say.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return DeployedStack(STACK, tmp_path_factory.mktemp("airflow"))


@pytest.fixture
def stage(stack: DeployedStack) -> Generator[Stage]:
    """The stack under load of the drill's own."""
    with staged(stack) as stage:
        yield stage


@pytest.fixture
def told() -> Told:
    """Writes the drill's report, with the machine's load before and after it."""
    before = os.getloadavg()[0]
    return lambda drill, measured: tell(drill, before, measured)
