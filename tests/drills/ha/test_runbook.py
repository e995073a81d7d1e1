"""Each command of the runbook `failover.md` is run, in its order, on the stack that the drills break."""

import re

import pytest

from tests.drills import runbooks
from tests.drills.ha.bench import DATA, STACK
from tests.drills.ha.drill import Drill
from tests.drills.ha.patroni import Patroni
from tests.drills.ha.test_postgres import full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

_REFUSED = re.compile(r"\(error\)|^Error|Usage:|NOGOODSLAVE|INPROG", re.MULTILINE)

_BROKEN = "postgres-2"
"""The instance that the page mends: never the one that leads."""

COMMANDS = [command.text for command in runbooks.commands("failover") if not command.text.startswith("NAMESPACE=")]


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) >= 10


@full
@pytest.mark.parametrize("command", COMMANDS)
def test_it_does_what_it_says(command: str, drill: Drill, patroni: Patroni) -> None:
    drill.until_normal()
    if _BROKEN in command and patroni.leader().name == _BROKEN:
        patroni.switch_over()
        drill.until_normal()
    try:
        printed = runbooks.run(command, STACK, {"NAMESPACE": DATA}, timeout=120)
        assert not _REFUSED.search(printed), printed
        drill.until_normal()
    finally:
        patroni.set(synchronous_mode_strict=True)
