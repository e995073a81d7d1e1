"""The stage of these drills: the stack that is lost, and those that come of it."""

import os
from collections.abc import Generator

import pytest

from local import paths
from local.progress import ConsoleReporter
from tests.drills import older_postgres
from tests.drills.recovery.places import BASE, FOLDER, Place, unshare

KEEP = "DRILL_KEEP"


@pytest.fixture(scope="module", autouse=True)
def stack_files() -> Generator[None]:
    """The folder that the stacks' files are written to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.STACKS_VARIABLE, str(FOLDER))
        yield


def _place(name: str) -> Generator[Place]:
    place = Place(name)
    place.write()
    # What a run that was stopped has left would be taken for the archive of this one.
    unshare(place)
    yield place
    if not os.environ.get(KEEP):
        place.destroy()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A platform that runs, with a backup, on a PostgreSQL that there is a newer minor version of."""
    for place in _place(BASE):
        older = older_postgres.build(tmp_path_factory.mktemp("older"), ConsoleReporter())
        place.deployed(images=place.images(postgres=older))
        place.until_backed_up()
        yield place


@pytest.fixture(scope="module")
def elsewhere() -> Generator[Place]:
    """A stack that is made from another one's archive without its keys."""
    yield from _place(f"{BASE}-elsewhere")


@pytest.fixture
def single() -> Generator[Place]:
    """A stack of one instance that follows the first one, and is raised to three."""
    yield from _place(f"{BASE}-single")


@pytest.fixture(scope="module")
def standby() -> Generator[Place]:
    """A stack that follows the first one and takes its place."""
    yield from _place(f"{BASE}-standby")


@pytest.fixture(scope="module")
def green() -> Generator[Place]:
    """A stack that is filled from another one's database."""
    yield from _place(f"{BASE}-green")
