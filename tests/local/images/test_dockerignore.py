"""Which files belong to a build context."""

from pathlib import Path, PurePosixPath

import pytest

from local.images.dockerignore import Ignore, context_files, ignore_file


@pytest.mark.parametrize(
    ("rules", "path", "excluded"),
    [
        (["*.md"], "README.md", True),
        (["*.md"], "docs/README.md", False),
        (["**/*.md"], "docs/a/README.md", True),
        (["**/*.md"], "README.md", True),
        (["docs"], "docs/a/b.txt", True),
        (["docs/"], "docs/a", True),
        (["/docs"], "docs/a", True),
        (["docs"], "docs2/a", False),
        (["a/**"], "a/b/c", True),
        (["a?.txt"], "ab.txt", True),
        (["a?.txt"], "a/.txt", False),
        (["[ab].txt"], "b.txt", True),
        (["*", "!dags"], "dags/x.py", False),
        (["*", "!dags"], "other/x.py", True),
        (["*", "!dags", "**/*.pyc"], "dags/x.pyc", True),
        (["!a", "a"], "a", True),
        (["# a", "", "b"], "a", False),
        (["a.b"], "aXb", False),
    ],
)
def test_the_last_rule_that_matches_decides(rules: list[str], path: str, *, excluded: bool) -> None:
    assert Ignore(rules).excludes(PurePosixPath(path)) is excluded


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_a_walk_lists_what_is_kept_in_order(tmp_path: Path) -> None:
    fill(tmp_path, "b.txt", "a/z.txt", "a/deep/k.txt", "c/x.txt")
    kept = [path.as_posix() for path in context_files(tmp_path, Ignore(["*", "!a/deep", "!b.txt"]))]
    assert kept == ["a/deep/k.txt", "b.txt"]


def test_a_folder_that_is_left_out_is_not_walked(tmp_path: Path) -> None:
    fill(tmp_path, "big/x.txt", "kept/x.txt")
    ignore = Ignore(["*", "!kept"])
    assert not ignore.may_keep_below(PurePosixPath("big"))
    assert ignore.may_keep_below(PurePosixPath("kept"))


def test_the_dockerfiles_own_ignore_file_wins(tmp_path: Path) -> None:
    fill(tmp_path, ".dockerignore", "image/Dockerfile")
    dockerfile = tmp_path / "image/Dockerfile"
    assert ignore_file(tmp_path, dockerfile) == tmp_path / ".dockerignore"
    fill(tmp_path, "image/Dockerfile.dockerignore")
    assert ignore_file(tmp_path, dockerfile) == tmp_path / "image/Dockerfile.dockerignore"
