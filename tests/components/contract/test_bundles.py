"""DAGs from Git: what Airflow is told, and what git itself makes of its configuration."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.contract import airflow, bundles
from settings.bundles import BundleSettings
from tests.settings.external import AUTHORITY, BUNDLE, COMMIT

TEAM = BundleSettings.model_validate(BUNDLE)
OPEN = BundleSettings(url="https://git.example.com:8443/team/open.git", ref=COMMIT)
BOTH = {"team": TEAM, "open": OPEN}

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is missing")


def listed(sections: airflow.Sections) -> list[dict[str, Any]]:
    return json.loads(sections["dag_processor"]["dag_bundle_config_list"])


def test_a_reader_knows_its_own_bundle_and_what_to_read() -> None:
    (entry,) = listed(bundles.read_sections("team", TEAM))
    assert entry == {
        "name": "team",
        "classpath": "airflow_platform_bundles.ReadBundle",
        "kwargs": {"repo_url": TEAM.url, "subdir": "flows", "tracking_ref": COMMIT, "refresh_interval": 60},
    }


def test_workers_know_every_bundle_and_no_commit() -> None:
    sections = bundles.run_sections(BOTH)
    assert [entry["name"] for entry in listed(sections)] == ["dags-folder", "open", "team"]
    assert COMMIT not in json.dumps([sections, bundles.files(BOTH)])
    assert bundles.run_sections({}) == {}
    assert bundles.files({}) == {}


@pytest.fixture
def git(tmp_path: Path) -> dict[str, str]:
    """An environment in which git finds our configuration, its files and the token in a folder of the machine."""
    for name, text in bundles.files(BOTH).items():
        moved = text.replace(airflow.CONFIG_FOLDER, str(tmp_path)).replace(airflow.secret_path(""), f"{tmp_path}/")
        (tmp_path / name).write_text(moved)
    (tmp_path / "given_team_token").write_text("s3cret$`'\"\n")
    outside = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {
        **outside,
        "GIT_CONFIG_SYSTEM": str(tmp_path / "gitconfig"),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
    }


def asked(environment: dict[str, str], *arguments: str, told: str = "") -> str:
    found = subprocess.run(
        ["git", *arguments], env=environment, input=told, capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def credential(environment: dict[str, str], path: str) -> set[str]:
    return set(
        asked(environment, "credential", "fill", told=f"url=https://git.example.com:8443/{path}\n\n").splitlines()
    )


def test_git_sends_the_token_to_its_repository_and_nowhere_else(git: dict[str, str]) -> None:
    assert {"username=robot", "password=s3cret$`'\""} <= credential(git, "team/dags.git")
    assert credential(git, "team/open.git") == set()
    assert credential(git, "team") == set()


def test_git_trusts_the_authority_for_its_server_alone(git: dict[str, str], tmp_path: Path) -> None:
    found = asked(git, "config", "--get-urlmatch", "http.sslCAInfo", f"{TEAM.url}/info/refs")
    assert found == str(tmp_path / "git-team.crt")
    assert Path(found).read_text() == AUTHORITY
    assert asked(git, "config", "--get-urlmatch", "http.sslCAInfo", OPEN.url) == ""


def test_one_token_for_two_bundles_is_one_file() -> None:
    found = bundles.given({"team": TEAM, "again": TEAM, "open": OPEN})
    assert {file: text.keys for file, text in found.items()} == {
        "given_team_token": ("airflow.bundles.again.tokenFrom", "airflow.bundles.team.tokenFrom")
    }


def test_the_network_opens_the_servers_port() -> None:
    assert [(service.name, service.port, service.networks) for service in bundles.services(BOTH)] == [
        ("git-open", 8443, ()),
        ("git-team", 8443, ("10.40.0.0/24",)),
    ]


def test_there_is_room_for_all_clones() -> None:
    assert bundles.storage(BOTH) == str(2 * 2**30)
    assert bundles.storage({}) is None
