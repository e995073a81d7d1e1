"""The scripts of the instances, run by a real shell with Patroni's answers made up."""

import subprocess
from pathlib import Path

import pytest

from components.postgres_ha.manifests.common import script


def ready(folder: Path, *true: str) -> tuple[bool, list[str]]:
    """Run the readiness script where Patroni says yes to some questions: its verdict and what it asked."""
    asked = folder / "asked"
    asked.write_text("")
    answers = "|".join(true) or "nothing"
    (folder / "patroni_says.sh").write_text(
        f'patroni_says_yes() {{ echo "$1" >>{asked}; case $1 in {answers}) true ;; *) false ;; esac; }}\n'
    )
    text = script("ready.sh").replace("/etc/airflow-platform", str(folder)).replace("/tmp/ready", f"{folder}/ready")
    result = subprocess.run(["bash", "-c", text], check=False, capture_output=True, text=True)
    assert result.stderr == ""
    return result.returncode == 0, asked.read_text().split()


def test_what_was_true_last_time_is_asked_first(tmp_path: Path) -> None:
    quorum, primary = "read-only-quorum", "primary"
    assert ready(tmp_path, primary) == (True, [primary])
    assert ready(tmp_path, quorum) == (True, [primary, quorum]), "it has become a standby"
    assert ready(tmp_path, quorum) == (True, [quorum])
    assert ready(tmp_path, primary, quorum) == (True, [quorum])
    assert ready(tmp_path, primary) == (True, [quorum, primary]), "it leads again"
    assert ready(tmp_path, primary) == (True, [primary])


@pytest.mark.parametrize("before", ["primary", "read-only-quorum"])
def test_neither_leader_nor_counted_on_is_not_ready(tmp_path: Path, before: str) -> None:
    ready(tmp_path, before)
    verdict, asked = ready(tmp_path)
    assert verdict is False
    assert sorted(asked) == ["primary", "read-only-quorum"]
