import socket
from pathlib import Path

from local.cluster.containers import remove_dead_sockets, unmount_below


def test_a_socket_nobody_listens_on_goes_and_a_live_one_stays(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "dead"))
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(folder / "live"))
        live.listen()
        assert remove_dead_sockets(folder) == 1
        assert [path.name for path in folder.iterdir()] == ["live"]
    assert remove_dead_sockets(folder) == 1
    assert not folder.exists()


def test_a_folder_without_mounts_has_nothing_to_unmount(tmp_path: Path) -> None:
    assert unmount_below(tmp_path) == 0
