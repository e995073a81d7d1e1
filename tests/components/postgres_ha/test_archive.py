"""What is archived and what is left out, asked of the real script with a program in pgBackRest's place."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.postgres_ha.backup import archive_command
from components.postgres_ha.manifests.common import script
from tests.harness import settings_of

_SEGMENT_BYTES = 16 * 1024**2
# In the form that PostgreSQL writes; timeline 1 ended inside its segment 0x0E, timeline 2 where one segment ends and 1/10 begins.
HISTORY = "1\t0/E0000A0\tno recovery target specified\n\n2\t1/10000000\tno recovery target specified\n"


def archived(folder: Path, name: str) -> bool:
    """Whether the segment reached pgBackRest; each answer ends with success."""
    (folder / "pgbackrest.sh").write_text(f'echo "$@" >>{folder}/sent\n')
    (folder / "sent").write_text("")
    text = script("pgbackrest_archive.sh").replace("/etc/airflow-platform", str(folder))
    path = f"{folder}/pg_wal/{name}"
    result = subprocess.run(
        ["bash", "-c", text, "pgbackrest_archive.sh", path], check=False, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    sent = (folder / "sent").read_text()
    assert sent in {"", f"archive-push {path}\n"}
    assert bool(sent) != (f"{name} is left out" in result.stdout)
    return bool(sent)


def with_history(folder: Path, text: str, timeline: int = 3) -> Path:
    """A log's folder with the history of this timeline, and a shorter one of the timeline before."""
    (folder / "pg_wal").mkdir()
    (folder / "pg_wal" / f"{timeline - 1:08X}.history").write_text(text.splitlines(keepends=True)[0])
    (folder / "pg_wal" / f"{timeline:08X}.history").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("name", "is_archived"),
    [
        ("00000001000000000000000D", True),
        ("00000001000000000000000E", False),
        ("00000001000000000000000F", False),
        ("00000001000000000000000E.partial", True),
        ("00000002000000010000000F", True),
        ("000000020000000100000010", False),
        ("000000030000000100000010", True),
        ("00000003.history", True),
        ("00000001000000000000000E.00000028.backup", True),
    ],
)
def test_a_leftover_of_an_older_timeline_is_left_out(tmp_path: Path, name: str, is_archived: bool) -> None:
    assert archived(with_history(tmp_path, HISTORY), name) is is_archived


def test_pgbackrests_check_finds_its_name_in_the_command() -> None:
    assert "pgbackrest" in archive_command(settings_of("prod").postgres)


def test_the_first_timeline_has_no_history(tmp_path: Path) -> None:
    (tmp_path / "pg_wal").mkdir()
    assert archived(tmp_path, "00000001000000000000000E")


def test_a_store_that_refuses_is_told_to_postgresql(tmp_path: Path) -> None:
    (tmp_path / "pgbackrest.sh").write_text("exit 45\n")
    text = script("pgbackrest_archive.sh").replace("/etc/airflow-platform", str(tmp_path))
    command = ["bash", "-c", text, "pgbackrest_archive.sh", f"{tmp_path}/pg_wal/00000001000000000000000E"]
    assert subprocess.run(command, check=False).returncode == 45


@given(
    ends=st.lists(st.integers(1, 2**42), min_size=1, max_size=20, unique=True).map(sorted),
    timeline=st.integers(1, 21),
    position=st.integers(0, 2**42),
)
def test_what_stands_before_the_branch_is_archived_and_nothing_after(
    ends: list[int], timeline: int, position: int
) -> None:
    """A timeline's last segment is the one with its end; a segment is named by its timeline and number."""
    history = "".join(f"{at}\t{end >> 32:X}/{end & 0xFFFFFFFF:X}\tno reason\n" for at, end in enumerate(ends, 1))
    segment = position // _SEGMENT_BYTES
    name = f"{timeline:08X}{segment >> 8:08X}{segment & 0xFF:08X}"
    whole = timeline > len(ends) or (segment + 1) * _SEGMENT_BYTES <= ends[timeline - 1]
    with tempfile.TemporaryDirectory() as folder:
        assert archived(with_history(Path(folder), history, len(ends) + 1), name) is whole


STORE = """
if [ "$1" = archive-push ]; then [ ! -e full ] || { echo no room; exit 1; }; echo "${2##*/}" >>sent; exit 0; fi
case $2 in
  archive/platform) printf '%s\\n' 17-1 18-2 18-10 archive.info ;;
  archive/platform/18-10/0000000300000001) printf '%s\\n' 000000030000000100000010-0a1b.zst ;;
esac
"""


def gaps(folder: Path, *done: str) -> tuple[int, str, list[str]]:
    """Fill the gaps of a log with these segments, of which all are marked as archived: code, words, what was sent."""
    status = folder / "pg_wal" / "archive_status"
    status.mkdir()
    for name in done:
        (status / f"{name}.done").touch()
        (folder / "pg_wal" / name).touch()
    (folder / "pgbackrest.sh").write_text(f"cd {folder}\n{STORE}")
    for name in ("pgbackrest_archive.sh", "archive_gaps.sh"):
        (folder / name).write_text(script(name).replace("/etc/airflow-platform", str(folder)))
    command = ["bash", str(folder / "archive_gaps.sh"), str(folder)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.stderr == ""
    sent = folder / "sent"
    return result.returncode, result.stdout, sent.read_text().split() if sent.exists() else []


def test_what_is_marked_and_missing_is_sent_and_named(tmp_path: Path) -> None:
    held, missing = "000000030000000100000010", ["00000002000000010000000F", "000000030000000100000011"]
    leftover, others = "00000001000000000000000E", ["00000003.history", "000000010000000000000001.partial"]
    code, said, sent = gaps(with_history(tmp_path, HISTORY), held, *missing, leftover, *others)
    assert (code, sent) == (0, missing)
    assert said.splitlines() == [f"sent {name}, which was missing" for name in missing]


def test_a_gap_that_cannot_be_filled_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "full").touch()
    name = "000000030000000100000011"
    assert gaps(with_history(tmp_path, HISTORY), name) == (1, f"{name}: no room\n", [])
