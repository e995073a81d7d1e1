"""The questions that scripts of the broker's pods ask, run by a real shell with the servers' answers made up."""

import subprocess
from pathlib import Path

import pytest

from components.redis_ha.manifests.common import scripts
from components.redis_ha.names import CONFIG_PATH


def alive(folder: Path, *, port: int, seconds: int, answer: str = "PONG") -> tuple[bool, list[str]]:
    """Run the liveness probe when the server has used so much processor time: its verdict and what it told to whom."""
    files = scripts("common.sh", "probe.sh")
    told = folder / "told"
    told.write_text("")
    # Fields 14 and 15 are ticks of a hundredth of a second in user and kernel mode.
    (folder / "stat").write_text(" ".join(["0"] * 13 + [str(seconds * 60), str(seconds * 40)]))
    common = files["common.sh"].replace("/proc/1/stat", f"{folder}/stat").replace("/run/valkey", str(folder))
    common = common.replace("/proc/1/fd/1", "/dev/null")
    common += f'\nask() {{ if [ "$4" = PING ]; then echo {answer}; else echo "$*" >>{told}; fi; }}\n'
    (folder / "common.sh").write_text(common)
    text = files["probe.sh"].replace(CONFIG_PATH, str(folder))
    result = subprocess.run(
        ["bash", "-c", text, "probe.sh", "alive", str(port)],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "DOMAIN": "data.svc", "POD_NAME": "valkey-sentinel-0"},
    )
    assert result.stderr == ""
    return result.returncode == 0, told.read_text().splitlines()


def test_a_sentinel_that_spins_makes_all_links_anew(tmp_path: Path) -> None:
    assert alive(tmp_path, port=26379, seconds=100) == (True, []), "the first look has nothing to compare with"
    assert alive(tmp_path, port=26379, seconds=106) == (True, [])
    verdict, told = alive(tmp_path, port=26379, seconds=130)
    assert verdict is True
    assert sorted(told) == [
        f"sentinel {host}.data.svc {port} CLIENT KILL USER sentinel"
        for host, port in sorted(
            [(f"valkey-{n}", 6379) for n in range(3)] + [(f"valkey-sentinel-{n}", 26379) for n in range(3)]
        )
    ]
    assert alive(tmp_path, port=26379, seconds=131) == (True, []), "only as long as it spins"


def test_a_busy_broker_is_left_alone(tmp_path: Path) -> None:
    alive(tmp_path, port=6379, seconds=0)
    assert alive(tmp_path, port=6379, seconds=60) == (True, [])


@pytest.mark.parametrize("port", [6379, 26379])
def test_what_does_not_answer_is_not_alive(tmp_path: Path, port: int) -> None:
    assert alive(tmp_path, port=port, seconds=0, answer="''") == (False, [])
