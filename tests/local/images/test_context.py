"""The digest of a context changes exactly when a build could come out differently."""

import os
from pathlib import Path

import pytest

from local.errors import PreflightError
from local.images.context import BuildRequest, check_request, context_digest


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("ARG BASE=x\nFROM ${BASE}\nARG  OTHER\nCOPY a.txt /\n")
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / ".dockerignore").write_text("*.log\n")
    return tmp_path


def digest(context: Path) -> str:
    return context_digest(context, context / "Dockerfile")


def test_times_and_ignored_files_do_not_count(context: Path) -> None:
    before = digest(context)
    os.utime(context / "a.txt", (1, 1))
    (context / "noise.log").write_text("x")
    (context / "a.txt").chmod(0o664)
    assert digest(context) == before


def test_content_counts(context: Path) -> None:
    before = digest(context)
    (context / "a.txt").write_text("two")
    assert digest(context) != before


def test_a_name_counts(context: Path) -> None:
    before = digest(context)
    (context / "a.txt").rename(context / "b.txt")
    assert digest(context) != before


def test_whether_a_file_can_be_run_counts(context: Path) -> None:
    before = digest(context)
    (context / "a.txt").chmod(0o755)
    assert digest(context) != before


def test_where_a_link_points_counts(context: Path) -> None:
    link = context / "link"
    link.symlink_to("a.txt")
    before = digest(context)
    link.unlink()
    link.symlink_to("nowhere")
    assert digest(context) != before


def test_a_dockerfile_outside_of_the_context_counts(context: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    dockerfile = tmp_path_factory.mktemp("elsewhere") / "Dockerfile"
    dockerfile.write_text("FROM a\n")
    before = context_digest(context, dockerfile)
    dockerfile.write_text("FROM b\n")
    assert context_digest(context, dockerfile) != before


def test_a_missing_folder_and_a_missing_dockerfile_are_told_together(tmp_path: Path) -> None:
    request = BuildRequest(
        image_name="r.example/a:1", context=tmp_path / "none", dockerfile=tmp_path / "none/Dockerfile"
    )
    with pytest.raises(PreflightError) as raised:
        check_request(request)
    assert "context = " in str(raised.value)
    assert "dockerfile = " in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "repository", "label"),
    [
        ("airflow-platform.local/valkey:8.1", "airflow-platform.local/valkey", "valkey"),
        ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "b"),
        ("127.0.0.1:5000/a/b:1@sha256:00", "127.0.0.1:5000/a/b", "b"),
    ],
)
def test_the_parts_of_a_name(name: str, repository: str, label: str, context: Path) -> None:
    request = BuildRequest(image_name=name, context=context, dockerfile=context / "Dockerfile")
    assert (request.repository, request.label) == (repository, label)
    assert request.declared_args() == {"BASE", "OTHER"}
