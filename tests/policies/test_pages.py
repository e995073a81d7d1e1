from pathlib import Path

import pytest
from airflow_guard.model import PAGES
from airflow_guard.pages import main, render
from airflow_guard.registry import RULES

from tests.policies.conftest import PACK


def test_the_committed_pages_are_up_to_date() -> None:
    assert main([str(PACK.parent / PAGES), "--check"]) == 0


def test_every_rule_has_a_page(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{rule.name}.md" for rule in RULES} | {
        "README.md",
        "exemptions.md",
    }
    assert main([str(tmp_path), "--check"]) == 0


def test_stale_missing_and_left_over_pages_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(tmp_path)])
    (tmp_path / "edge-tls.md").write_text("something else")
    (tmp_path / "labels.md").unlink()
    (tmp_path / "gone.md").write_text(render()["quotas.md"])
    (tmp_path / "coverage.md").write_text("by hand")
    assert main([str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().err.endswith("not up to date: edge-tls.md, gone.md, labels.md\n")
