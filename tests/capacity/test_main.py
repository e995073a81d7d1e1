"""The command line: what it prints, and one message for bad input."""

import json
from pathlib import Path

import pytest

from capacity import cli
from tests.settings.stack_files import ROOT


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> "Run":
    monkeypatch.chdir(ROOT)
    return Run(monkeypatch)


class Run:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str) -> int:
        self._monkeypatch.setattr("sys.argv", ["capacity", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)


def test_a_file_of_arrivals_is_simulated_and_drawn(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrivals = tmp_path / "mine.csv"
    rows = "".join(f"{second},30\n" for second in range(0, 900, 2))
    arrivals.write_text("arrival_seconds,duration_seconds\n" + rows)
    assert run("simulate", "--csv", str(arrivals), "--plots", str(tmp_path / "plots"), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["rule"] for row in found} == {"ours (demand)", "official chart", "literal"}
    assert (tmp_path / "plots" / "mine.png").read_bytes().startswith(b"\x89PNG")


def test_a_plan_shows_its_arithmetic(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--items-an-hour", "0") == 0
    shown = capsys.readouterr().out
    assert "airflow-platform:workers:" in shown
    assert "50000 tasks/86400 s x 60 s = 34.7 slots" in shown
    assert run("plan", "--json") == 0
    assert json.loads(capsys.readouterr().out)["settings"]["airflow"]["parallelism"] == 344


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("simulate", "--stack", "prd"), "stack = prd"),
        (("simulate", "--queue", "heavy"), "queue = heavy"),
        (("simulate", "--trace", "daily"), "trace = daily"),
        (("simulate", "--csv", "none.csv"), "none.csv cannot be read"),
    ],
)
def test_bad_input_is_one_message(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err
