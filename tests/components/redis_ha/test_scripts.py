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


def asked_until_stopped(folder: Path, *, sentinels: list[str], told_at_last: bool = False) -> list[str]:
    """Run what comes before a leader's stop; what it asked of whom.

    Args:
        folder: of the test.
        sentinels: whom each Sentinel takes for the leader after the failover.
        told_at_last: whether the node hears by itself, at its third look, that it leads no more.
    """
    files = scripts("common.sh", "stop-node.sh")
    asked = folder / "asked"
    asked.write_text("")
    roles = folder / "roles"
    roles.write_text("master\nmaster\n" + ("slave\n" if told_at_last else "master\n") * 30)
    votes = " ".join(f"[valkey-sentinel-{n}.data.svc]={name}.data.svc" for n, name in enumerate(sentinels))
    common = (
        files["common.sh"]
        + f"""
declare -A votes=({votes})
sleep() {{ echo sleep >>{asked}; }}
ask() {{
  case "${{*:4:2}}" in
  ROLE) echo "1) \\"$(sed -n 1p {roles})\\""; sed -i 1d {roles} ;;
  'SENTINEL GET-MASTER-ADDR-BY-NAME') echo "1) \\"${{votes[$2]}}\\"" ;;
  *) echo "${{*:4}}" >>{asked}; echo OK ;;
  esac
}}
"""
    )
    (folder / "common.sh").write_text(common)
    text = files["stop-node.sh"].replace(CONFIG_PATH, str(folder))
    result = subprocess.run(
        ["bash", "-c", text],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "DOMAIN": "data.svc", "POD_NAME": "valkey-1"},
    )
    assert (result.returncode, result.stderr) == (0, "")
    return asked.read_text().splitlines()


HANDED_OVER = ["CLIENT PAUSE 10000 WRITE", "SENTINEL FAILOVER airflow", "sleep"]


def test_a_leader_that_stops_is_gone_as_soon_as_the_sentinels_name_another(tmp_path: Path) -> None:
    """It would go on to answer who reads results there, for ten seconds, until it is told."""
    assert asked_until_stopped(tmp_path, sentinels=["valkey-2", "valkey-2", "valkey-1"]) == HANDED_OVER


def test_one_sentinel_alone_does_not_send_a_leader_away(tmp_path: Path) -> None:
    told = asked_until_stopped(tmp_path, sentinels=["valkey-2", "valkey-1", "valkey-1"], told_at_last=True)
    assert told == [*HANDED_OVER, "sleep"], "it hears by itself"


def test_a_leader_that_nobody_replaces_stops_in_the_end(tmp_path: Path) -> None:
    told = asked_until_stopped(tmp_path, sentinels=["valkey-1"] * 3)
    assert told == [*HANDED_OVER, *["sleep"] * 19]
