"""Commands are taken from the runbooks as somebody who reads them would, and each page with commands has who runs it."""

from pathlib import Path

import pytest

from local import paths
from tests.drills import runbooks
from tests.drills.runbooks import Command, Reader
from tests.drills.waiting import DrillError

PAGE = """# A page

```sh
NAMESPACE=somewhere
OTHER=$(echo found)
```

## First

1. In a list:

   ```sh
   echo one |
     tr o 0
   cat <<END
   $NAMESPACE |
   END
   ```

`kubectl exec a -- cat </dev/null`, and `kubectl get pod <name>`.

## Second

```yaml
echo: no
```

```sh
echo $OTHER
```
"""


@pytest.fixture(autouse=True)
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    monkeypatch.setattr(runbooks, "FOLDER", tmp_path)


def test_a_command_goes_on_over_lines() -> None:
    assert runbooks.commands("page") == [
        Command("# A page", "NAMESPACE=somewhere"),
        Command("# A page", "OTHER=$(echo found)"),
        Command("First", "echo one |\n  tr o 0"),
        Command("First", "cat <<END\n$NAMESPACE |\nEND"),
        Command("Second", "echo $OTHER"),
    ]


def test_inline_commands_without_a_name_to_put_in() -> None:
    assert runbooks.inline("page") == ["kubectl exec a -- cat </dev/null"]


def test_a_command_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("```sh\necho |\n```\n")
    with pytest.raises(DrillError, match="does not end: echo"):
        runbooks.commands("page")


def _environment(_stack: str, _context: str | None) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Somebody with a shell and no cluster."""
    monkeypatch.setattr(runbooks, "kubectl", lambda: "/bin/kubectl")
    monkeypatch.setattr(runbooks, "environment", _environment)
    return Reader("page", "dev", {"NAMESPACE": "elsewhere"})


def test_a_reader_keeps_what_a_command_found(reader: Reader) -> None:
    reader.follow("# A page")
    assert reader.follow("First") == "0ne\nelsewhere |\n"
    assert reader.left() == ["echo $OTHER"]
    assert reader.follow("Second") == "found\n"
    assert reader.left() == []


def test_a_command_that_fails_says_which(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("## One\n```sh\necho first\nfalse | cat\n```\n")
    with pytest.raises(DrillError, match=r"false \| cat\nended with 1"):
        reader.follow("One")
    with pytest.raises(DrillError, match="no command under 'Two'"):
        reader.follow("Two")


RUN_BY = {
    "failover": "ha/test_runbook.py",
    "restore": "recovery/test_recovery.py",
    "disaster-recovery": "recovery/test_recovery.py",
    "upgrade-postgres": "recovery/test_recovery.py",
    "rotation": "rotation/test_rotation.py",
}
NOT_RUN = {"upgrade-airflow"}
"""`tests/drills/versions` does what the page says by other means."""


def test_every_page_with_commands_has_a_drill_that_runs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pages = {path.stem for path in runbooks.FOLDER.glob("*.md") if runbooks.commands(path.stem)}
    assert pages == RUN_BY.keys() | NOT_RUN
    drills = paths.checkout() / "tests" / "drills"
    assert all(f'"{page}"' in (drills / drill).read_text() for page, drill in RUN_BY.items())
