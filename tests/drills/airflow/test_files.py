"""The bad DAG files of drills are as bad as they say."""

import ast
from collections.abc import Callable

import pytest

from tests.drills.airflow import dag_files as files


def text(parts: files.Parts) -> str:
    return "".join(part * times for part, times in parts)


@pytest.mark.parametrize("make", [files.huge_table, files.huge_text])
def test_the_huge_ones_have_their_size_and_a_dag(make: Callable[[str, int], files.Parts]) -> None:
    size = 5 * 2**20
    assert size < len(text(make("a", size))) < 1.001 * size
    assert "DAG('a'" in ast.unparse(ast.parse(text(make("a", 1000))))


@pytest.mark.parametrize("make", [files.broken, files.looping, files.stubborn])
def test_they_are_python_that_airflow_takes_for_a_dag_file(make: Callable[[], files.Parts]) -> None:
    ast.parse(text(make()))
    assert "airflow" in text(make())
    assert "dag" in text(make())


def test_what_is_not_tried_again_says_so() -> None:
    tree = ast.parse(text(files.untried("a", 60)))
    [retries] = [found.value for found in ast.walk(tree) if isinstance(found, ast.keyword) and found.arg == "retries"]
    assert ast.literal_eval(retries) == 0


def test_what_cannot_be_imported_cannot_be_imported() -> None:
    imports = text(files.broken()).splitlines()[-1]
    with pytest.raises(ModuleNotFoundError):
        exec(imports)  # noqa: S102 - the line is ours
