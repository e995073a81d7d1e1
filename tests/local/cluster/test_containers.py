from pathlib import Path

from local.cluster.containers import unmount_below


def test_a_folder_without_mounts_has_nothing_to_unmount(tmp_path: Path) -> None:
    assert unmount_below(tmp_path) == 0
