"""What a killed build leaves behind is found and ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.images.store import Store, clean_leftovers

_CHROOTED = "import os, sys, time; os.chroot(sys.argv[1]); os.chdir('/'); print('in', flush=True); time.sleep(60)"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its root")
def test_a_step_that_outlived_its_build_is_ended_and_others_are_not(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.prepare()
    roots = [store.scratch / "build/rootfs", tmp_path / "elsewhere"]
    started: list[subprocess.Popen[bytes]] = []
    for root in roots:
        root.mkdir(parents=True)
        process = subprocess.Popen([sys.executable, "-c", _CHROOTED, str(root)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        started.append(process)
    ours, other = started
    try:
        clean_leftovers(store)
        assert ours.wait(timeout=10) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_a_store_never_used_has_nothing_to_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    clean_leftovers(Store(tmp_path / "none"))
