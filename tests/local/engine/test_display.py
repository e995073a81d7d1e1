"""What a run shows."""

import io
import json

import pytest
from rich.console import Console

from local.engine.api import Result
from local.engine.display import Display, record, short, summary_lines
from local.engine.events import Op, Step, Violation
from local.engine.providers.base import UNKNOWN
from local.engine.values import Secret

URN = "urn:pulumi:dev::proj::a:b:Group$shelf:index:Thing::x"


def step(op: Op, **rest: object) -> Step:
    given: dict[str, object] = {"urn": URN, "type": "shelf:index:Thing", "name": "x", **rest}
    return Step(op=op, **given)  # pyright: ignore[reportArgumentType]


CHANGE = step(
    Op.UPDATE,
    changed={"spec.a": (1, 2), "data": (Secret("old"), Secret("new")), "b": (None, UNKNOWN)},
    replace=frozenset({"spec.a"}),
)


def shown(*steps: Step, preview: bool = False) -> str:
    stream = io.StringIO()
    with Display(Console(file=stream, width=120), preview=preview) as display:
        for entry in steps:
            display.started(entry)
            display.progress(URN, "1 of 3 ready")
            display.finished(entry)
    return stream.getvalue()


def test_changes_are_shown_with_their_places_and_without_secrets() -> None:
    text = shown(CHANGE, preview=True)
    assert "~  Group Thing x" in text
    assert "spec.a: 1 -> 2  forces replacement" in text
    assert "data: [secret] -> [secret]" in text
    assert "b: (none) -> [unknown]" in text
    assert "old" not in text


def test_a_waiting_step_says_what_it_waits_for() -> None:
    assert "x: 1 of 3 ready" in shown(step(Op.CREATE))


def test_warnings_stay_and_are_told_once() -> None:
    stream = io.StringIO()
    with Display(Console(file=stream, width=120)) as display:
        display.started(step(Op.CREATE))
        display.progress(URN, "warning: deprecated")
        display.progress(URN, "warning: deprecated")
    assert stream.getvalue() == "warning: x: deprecated\n"


def test_what_stays_is_not_shown() -> None:
    assert "x" not in shown(step(Op.SAME)).replace("x: 1 of 3 ready", "")


def test_a_terminal_shows_what_is_under_way_below_its_component() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True)
    with Display(console) as display:
        display.started(step(Op.CREATE))
        display.progress(URN, "[1] of 3 ready")
        console.print(display._tree())  # pyright: ignore[reportPrivateUsage]
    text = stream.getvalue()
    assert "Group" in text
    assert "[1] of 3 ready" in text
    assert "1 under way, 0 done" in text


def test_failures_and_violations_are_shown_literally() -> None:
    stream = io.StringIO()
    with Display(Console(file=stream, width=120)) as display:
        display.failed(step(Op.CREATE), "first line\n[bold]second[/bold]")
        display.violated(Violation(policy="p", pack="k", level="mandatory", severity="high", message="m [x]", urn=URN))
        display.message("warning", "careful [y]")
    text = stream.getvalue()
    assert "[bold]second[/bold]" in text
    assert "mandatory" in text
    assert "m [x]" in text
    assert "warning: careful [y]" in text


def result(counts: dict[Op, int], **rest: object) -> Result:
    given: dict[str, object] = {
        "exit_code": 0, "error": "", "steps": (CHANGE,), "outputs": {"pw": Secret("hush")}, "seconds": 1.26, **rest
    }  # fmt: skip
    return Result(counts=counts, **given)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("counts", "preview", "line"),
    [
        ({Op.SAME: 3}, False, "no changes, 3 unchanged, 1.3 s"),
        ({Op.CREATE: 2, Op.DELETE: 1, Op.SAME: 3}, True, "2 to create, 1 to delete, 3 unchanged, 1.3 s"),
        ({Op.REPLACE: 1, Op.DELETE_REPLACED: 1}, False, "1 replaced, 0 unchanged, 1.3 s"),
    ],
)
def test_sums(counts: dict[Op, int], preview: bool, line: str) -> None:
    assert [text.plain for text in summary_lines(result(counts), preview=preview)] == [line]


def test_the_record_for_machines_hides_secrets_too() -> None:
    text = record(result({Op.UPDATE: 1}))
    body = json.loads(text)
    assert body["counts"] == {"update": 1}
    assert body["outputs"] == {"pw": "[secret]"}
    assert body["steps"][0]["changed"]["data"] == {"new": "[secret]", "old": "[secret]"}
    assert "hush" not in text


def test_long_values_are_cut() -> None:
    assert len(short("x" * 500)) == 100
    assert short("a\nb") == "a\\nb"
