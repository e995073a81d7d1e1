import io

import pytest
from rich.console import Console

from local.progress import ConsoleReporter, SilentReporter


def reporter(*, terminal: bool) -> tuple[ConsoleReporter, io.StringIO]:
    out = io.StringIO()
    return ConsoleReporter(Console(file=out, force_terminal=terminal, width=100)), out


def test_away_from_a_terminal_each_step_has_a_line_when_it_begins_and_ends() -> None:
    subject, out = reporter(terminal=False)
    with subject.step("Building [x]") as step:
        step.note("never in a log")
        subject.info("a line")
    lines = out.getvalue().splitlines()
    assert lines[0] == "… Building [x]"
    assert lines[1] == "a line"
    assert lines[2].startswith("✓ Building [x] 0.")
    assert "\x1b" not in out.getvalue()


def test_a_failed_step_is_marked_and_its_error_goes_on() -> None:
    subject, out = reporter(terminal=False)
    with pytest.raises(ValueError, match="broken"), subject.step("Building"):
        raise ValueError("broken")
    assert "✗ Building" in out.getvalue()


def test_on_a_terminal_steps_nest_in_one_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    subject, out = reporter(terminal=True)
    with subject.step("outer"), subject.step("inner") as step:
        step.note("half way")
    text = out.getvalue()
    assert text.index("inner") < text.rindex("outer")
    with subject.step("another"):
        pass
    assert "another" in out.getvalue()
    hidden, shown = out.getvalue().count("\x1b[?25l"), out.getvalue().count("\x1b[?25h")
    assert hidden == shown == 2


def test_in_ci_a_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    subject, out = reporter(terminal=True)
    with subject.step("step"):
        pass
    assert out.getvalue().startswith("… step")


def test_the_silent_one_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    subject = SilentReporter()
    with subject.step("step") as step:
        step.note("x")
    subject.info("x")
    subject.warn("x")
    assert capsys.readouterr() == ("", "")
