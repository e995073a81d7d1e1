import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cluster import cgroups
from local.cluster.layout import PODS_CGROUP, SYSTEM_CGROUP


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    """A tree as version 1 mounts it: combined controllers are one folder with links to it."""
    for name in ("cpu,cpuacct", "memory", "pids", "cpuset"):
        (tmp_path / name).mkdir()
    for name in ("cpu", "cpuacct"):
        (tmp_path / name).symlink_to("cpu,cpuacct")
    return tmp_path


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    return tmp_path


def test_links_to_combined_controllers_are_no_hierarchies_of_their_own(v1: Path) -> None:
    assert [path.name for path in cgroups.hierarchies(v1)] == ["cpu,cpuacct", "cpuset", "memory", "pids"]
    assert not cgroups.is_v2(v1)


def test_version_2_has_one_hierarchy(v2: Path) -> None:
    assert cgroups.is_v2(v2)
    assert cgroups.hierarchies(v2) == [v2]


def test_kubelets_parent_group_is_made_in_every_hierarchy(v1: Path) -> None:
    cgroups.ensure(v1)
    for name in ("cpu,cpuacct", "memory", "pids", "cpuset"):
        assert (v1 / name / "airflow-platform").is_dir()
    assert (v1 / "memory" / SYSTEM_CGROUP).is_dir()
    cgroups.ensure(v1)


def test_the_control_plane_has_a_share_of_its_own(v1: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    for group in ("airflow-platform", SYSTEM_CGROUP):
        (v1 / "cpu" / group).mkdir()
        (v1 / "cpu" / group / "cpu.shares").write_text("1024")
    cgroups.ensure(v1)
    assert (v1 / "cpu" / "airflow-platform" / "cpu.shares").read_text() == "4096"
    assert (v1 / "cpu" / SYSTEM_CGROUP / "cpu.shares").read_text() == "2048"


def test_the_share_in_the_terms_of_version_2(v2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    for group in ("airflow-platform", SYSTEM_CGROUP):
        (v2 / group).mkdir()
        for name in ("cpu.weight", "cgroup.controllers"):
            (v2 / group / name).write_text("")
    cgroups.ensure(v2)
    assert (v2 / "airflow-platform" / "cpu.weight").read_text() == "157"
    assert (v2 / SYSTEM_CGROUP / "cpu.weight").read_text() == "79"
    assert (v2 / "cgroup.subtree_control").read_text() == "+memory"


def test_a_process_enters_every_hierarchy_that_is_counted(v1: Path) -> None:
    cgroups.ensure(v1)
    cgroups.enter(4711, v1)
    for name in ("cpuacct", "memory", "pids"):
        assert (v1 / name / SYSTEM_CGROUP / "cgroup.procs").read_text() == "4711"
    assert cgroups.members(SYSTEM_CGROUP, v1) == {4711}


def test_members_of_groups_below_count(v1: Path) -> None:
    pod = v1 / "memory" / PODS_CGROUP / "burstable" / "pod1"
    pod.mkdir(parents=True)
    (pod / "cgroup.procs").write_text("7\n8\n")
    assert cgroups.members(PODS_CGROUP, v1) == {7, 8}


def test_usage_leaves_out_cache_that_the_kernel_would_give_back(v1: Path) -> None:
    for name in ("cpuacct", "memory"):
        (v1 / name / PODS_CGROUP).mkdir(parents=True)
    (v1 / "cpuacct" / PODS_CGROUP / "cpuacct.usage").write_text("2500000000\n")
    (v1 / "memory" / PODS_CGROUP / "memory.usage_in_bytes").write_text("1000\n")
    (v1 / "memory" / PODS_CGROUP / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 300\n")
    assert cgroups.usage(PODS_CGROUP, v1) == cgroups.Usage(cpu_seconds=2.5, memory_bytes=700)


def test_usage_of_version_2(v2: Path) -> None:
    group = v2 / PODS_CGROUP
    group.mkdir(parents=True)
    (group / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
    (group / "memory.current").write_text("1000\n")
    (group / "memory.stat").write_text("anon 5\ninactive_file 400\n")
    assert cgroups.usage(PODS_CGROUP, v2) == cgroups.Usage(cpu_seconds=1.5, memory_bytes=600)


def test_no_group_has_no_usage(v1: Path) -> None:
    assert cgroups.usage(PODS_CGROUP, v1) is None


def test_removing_takes_the_whole_tree(v1: Path) -> None:
    cgroups.ensure(v1)
    (v1 / "memory" / PODS_CGROUP / "besteffort").mkdir(parents=True)
    cgroups.remove(v1)
    assert not list(v1.glob("*/airflow-platform"))


def test_a_group_that_goes_away_while_it_is_read_is_passed_over(v1: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, pid in (("stays", 41), ("vanishes", 42)):
        folder = v1 / "memory" / PODS_CGROUP / name
        folder.mkdir(parents=True)
        (folder / "cgroup.procs").write_text(f"{pid}\n")
    real = os.scandir

    def vanishing(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("vanishes"):
            raise FileNotFoundError(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert 41 in cgroups.members(PODS_CGROUP, v1)
