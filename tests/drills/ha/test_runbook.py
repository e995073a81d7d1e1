"""Each command of the runbook `failover.md` is run, in its order, on the stack that the drills break."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from local import paths
from local.engines import environment
from local.forward import kubectl
from tests.drills.ha.bench import DATA, STACK
from tests.drills.ha.drill import Drill
from tests.drills.ha.patroni import Patroni
from tests.drills.ha.test_postgres import full

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

_REFUSED = re.compile(r"\(error\)|^Error|Usage:|NOGOODSLAVE|INPROG", re.MULTILINE)

_BROKEN = "postgres-2"
"""The instance that the page mends: never the one that leads."""


def commands() -> list[str]:
    """The page's commands, one line each, without the one that names the namespace."""
    page = (paths.checkout() / "docs" / "runbooks" / "failover.md").read_text()
    lines = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    return [line for line in lines if not line.startswith("NAMESPACE=")]


def test_the_page_has_commands() -> None:
    assert len(commands()) >= 10


@full
@pytest.mark.parametrize("command", commands())
def test_it_does_what_it_says(command: str, drill: Drill, patroni: Patroni) -> None:
    drill.until_normal()
    if _BROKEN in command and patroni.leader().name == _BROKEN:
        patroni.switch_over()
        drill.until_normal()
    environ = {**environment(STACK, None), "NAMESPACE": DATA}
    environ["PATH"] = f"{Path(kubectl()).parent}{os.pathsep}{environ['PATH']}"
    result = subprocess.run(
        ["bash", "-c", command], env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    try:
        assert result.returncode == 0, result.stderr
        assert not _REFUSED.search(result.stdout), result.stdout
        drill.until_normal()
    finally:
        patroni.set(synchronous_mode_strict=True)
