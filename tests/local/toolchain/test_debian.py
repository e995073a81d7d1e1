import os
from pathlib import Path

import pytest

from local.errors import LocalError, PreflightError
from local.toolchain.debian import HostPackage, ensure_packages, missing_packages

ABSENT = HostPackage("thing-tools", "no-such-program-here", "does things")


def test_a_missing_program_is_noticed_by_name() -> None:
    present = HostPackage("coreutils", "env", "basics")
    packages = (present, ABSENT)
    assert missing_packages(packages) == [ABSENT]


def test_nothing_missing_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = (HostPackage("libc6-dev", "/", "headers"),)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert ensure_packages(packages=packages) == []


def test_without_apt_the_message_names_package_and_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = (ABSENT,)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PreflightError, match=r"thing-tools \(does things\)"):
        ensure_packages(packages=packages)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'E: Unable to locate package' >&2; exit 100", "Unable to locate package"),
        ("exit 0", "reported success, yet thing-tools cannot be found"),
    ],
)
def test_what_apt_cannot_install_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text(f"#!/bin/sh\n{script}\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    packages = (ABSENT,)
    with pytest.raises(LocalError, match=words):
        ensure_packages(packages=packages)
