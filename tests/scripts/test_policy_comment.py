import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.engine.analyzer import RuleInfo
from local.engine.events import Violation
from local.policy.judge import Judgement
from local.policy.report import as_sarif
from scripts.policy_comment import LONGEST, MARKER, comment, escaped, main, read
from tests.settings.stack_files import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "policies.yml"
RULE = RuleInfo(
    name="pinned-images",
    title="Images are named by digest",
    description="Images are named by digest: a tag can be moved.",
    severity="high",
    mend="name it by digest",
    references=("CIS Kubernetes 5.5.1",),
    page="docs/policies/pinned-images.md",
)


def violation(place: str = "Deployment airflow/scheduler", level: str = "mandatory") -> Violation:
    message = f"Images are named by digest\n{place}: runs `x:latest`.\nWhy: it moves\nMend: name it\nSee: docs/x.md"
    return Violation(
        policy="pinned-images", pack="airflow-guard", level=level, severity="high", message=message, urn="urn:x"
    )


@pytest.fixture
def sarif(tmp_path: Path) -> Any:
    """Writes the file that `make policy` writes for these violations."""

    def write(*violations: Violation, stack: str = "prod") -> Path:
        judgement = Judgement(stack=stack, resources=9, violations=violations, seconds=1.0, rules=(RULE,))
        path = tmp_path / f"{stack}.sarif"
        path.write_text(as_sarif(judgement, "https://example.com/policies"))
        return path

    return write


def test_a_violation_says_what_where_why_and_how_to_mend_it(sarif: Any) -> None:
    text = comment([read(sarif(violation())), read(sarif(stack="dev"))])
    assert text.startswith(f"{MARKER}\n### Policies: 1 violation to mend\n")
    assert "| prod | 1 | 0 |\n| dev | 0 | 0 |" in text
    assert "**[pinned-images](https://example.com/policies/pinned-images.md)** (mandatory, prod)" in text
    assert "> Deployment airflow/scheduler\\: runs \\`x\\:latest\\`." in text
    assert "> Why\\: it moves" in text
    assert "> Mend\\: name it" in text
    assert "See" not in text


def test_a_clean_judgement(sarif: Any) -> None:
    text = comment([read(sarif())])
    assert "nothing stands against this change" in text
    assert "**" not in text


def test_advisory_violations_come_last_and_refuse_nothing(sarif: Any) -> None:
    assert "nothing stands against" in comment([read(sarif(violation(level="advisory")))])
    text = comment([read(sarif(violation(level="advisory"), violation()))])
    assert text.index("(mandatory, prod)") < text.index("(advisory, prod)")


def test_nothing_of_a_violation_is_markup(sarif: Any) -> None:
    text = comment([read(sarif(violation("Pod a/<img src=x> @octocat [x](javascript:1) | `")))])
    assert "<img" not in text
    assert "@octocat" not in text
    assert "](javascript" not in text
    assert escaped("a|b\n# c") == "a\\|b \\# c"


def test_a_page_that_is_no_web_address_is_not_linked(tmp_path: Path) -> None:
    judgement = Judgement(stack="prod", resources=9, violations=(violation(),), seconds=1.0, rules=(RULE,))
    path = tmp_path / "prod.sarif"
    path.write_text(as_sarif(judgement, "javascript:alert(1)"))
    assert "javascript" not in comment([read(path)])


def test_too_much_to_say_is_shortened(sarif: Any) -> None:
    text = comment([read(sarif(*(violation(f"Deployment airflow/{number}") for number in range(2000))))])
    assert len(text) < LONGEST + 200
    assert "more: `make policy` lists them all" in text


def test_the_command(sarif: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sarif(violation()))]) == 0
    assert capsys.readouterr().out.startswith(MARKER)
    broken = tmp_path / "broken.sarif"
    for content in ("", "[]", json.dumps({"runs": []}), json.dumps({"runs": [{}]})):
        broken.write_text(content)
        assert main([str(broken)]) == 2
        assert "not a SARIF file of the policy pack" in capsys.readouterr().err
    assert main([]) == 2


def test_the_workflow_gives_rights_to_the_job_that_runs_no_code() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {}
    judge, tell = workflow["jobs"]["judge"], workflow["jobs"]["comment"]
    assert judge["permissions"] == {"contents": "read"}
    assert tell["permissions"] == {"pull-requests": "write"}
    assert all("checkout" not in step.get("uses", "") for step in tell["steps"])
    text = WORKFLOW.read_text()
    assert MARKER in text
    for job in (judge, tell):
        for step in job["steps"]:
            action = step.get("uses", "")
            assert not action or len(action.partition("@")[2]) == 40
            assert "${{" not in step.get("run", "")
