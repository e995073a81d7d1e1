"""A judgement as a table for people, as JSON for scripts and as SARIF 2.1.0 for code scanning."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group
from rich.text import Text

from local import paths
from local.engine.analyzer import RuleInfo
from local.engine.events import Violation
from local.errors import PreflightError
from local.policy.judge import Judgement

PAGES: Final = "docs/policies"
_SARIF: Final = "https://json.schemastore.org/sarif-2.1.0.json"
# What code scanning reads as critical, high, medium and low.
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
_STYLES: Final = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "blue"}
_NAME: Final = "airflow-guard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where a judgement goes.

    Attributes:
        as_json: one JSON document instead of the table.
        sarif: file to write as well, as SARIF.
        pages: see `as_sarif`.
    """

    as_json: bool = False
    sarif: Path | None = None
    pages: str = ""


def tell(judgement: Judgement, output: Output) -> int:
    """Print a judgement, write what was asked for, and return the exit code: 1 when a mandatory rule is broken.

    Raises:
        PreflightError: the SARIF file cannot be written.
    """
    if output.sarif is not None:
        try:
            output.sarif.write_text(as_sarif(judgement, output.pages) + "\n", encoding="utf-8")
        except OSError as error:
            raise PreflightError(f"--sarif {output.sarif}: cannot be written: {error.strerror}.") from error
    if output.as_json:
        Console(soft_wrap=True).print_json(as_json(judgement))
    else:
        show(judgement, Console())
    return 1 if judgement.refused else 0


def summary(judgement: Judgement) -> str:
    """One line: how many resources, how many violations, how long it took."""
    mandatory = sum(violation.mandatory for violation in judgement.violations)
    advisory = len(judgement.violations) - mandatory
    found = f"{mandatory} mandatory, {advisory} advisory" if judgement.violations else "no violations"
    return f"{judgement.stack}: {judgement.resources} resources, {found} ({judgement.seconds:.1f} s)"


def show(judgement: Judgement, console: Console) -> None:
    """Print every violation and the summary."""
    for violation in judgement.violations:
        console.print(_block(violation))
    for title in judgement.gone:
        console.print(Text(f"gone from the cluster: {title}", style="yellow"))
    for title in judgement.strays:
        console.print(Text(f"not declared by the program: {title}", style="yellow"))
    console.print(Text(summary(judgement), style="red" if judgement.refused else "green"))


def as_json(judgement: Judgement) -> str:
    """One document with every violation."""
    document = {
        "stack": judgement.stack,
        "resources": judgement.resources,
        "refused": judgement.refused,
        "seconds": round(judgement.seconds, 3),
        "violations": [
            {
                "rule": violation.policy,
                "level": violation.level,
                "severity": violation.severity,
                "urn": violation.urn,
                "message": violation.message,
                "page": f"{PAGES}/{violation.policy}.md",
            }
            for violation in judgement.violations
        ],
        "gone": list(judgement.gone),
        "strays": list(judgement.strays),
    }
    return json.dumps(document, indent=2)


def as_sarif(judgement: Judgement, pages: str = "") -> str:
    """The violations as code scanners exchange them.

    A violation has no line in a file: it stands at the stack's file, and the resource is its logical location.

    Args:
        judgement: what the pack says.
        pages: address below which the pages of the rules stand; those of this checkout when left out.
    """
    address = (pages or (paths.checkout() / PAGES).as_uri()).rstrip("/")
    places = {rule.name: index for index, rule in enumerate(judgement.rules)}
    driver = {
        "name": _NAME,
        "informationUri": f"{address}/README.md",
        "rules": [_sarif_rule(rule, address) for rule in judgement.rules],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"{_NAME}/{judgement.stack}/"},
        "results": [_sarif_result(found, judgement.stack, places) for found in judgement.violations],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def _block(violation: Violation) -> Group:
    title, _, rest = violation.message.partition("\n")
    head = Text.assemble(
        (f"{violation.level:<9} ", "bold red" if violation.mandatory else "yellow"),
        (violation.policy, "bold"),
        (f"  {violation.severity}", _STYLES.get(violation.severity, "")),
        f"  {title}",
    )
    return Group(head, *(Text(f"    {line}") for line in rest.splitlines()))


def _sarif_rule(rule: RuleInfo, address: str) -> dict[str, Any]:
    page = f"{address}/{rule.name}.md"
    return {
        "id": rule.name,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.description},
        "help": {"text": f"How to mend it: {rule.mend}.", "markdown": f"{rule.mend}. [More]({page})"},
        "helpUri": page,
        "properties": {
            "tags": list(rule.references),
            "precision": "high",
            "problem.severity": "error" if rule.severity in {"critical", "high"} else "warning",
            "security-severity": _SCORES.get(rule.severity, "5.0"),
        },
    }


def _sarif_result(violation: Violation, stack: str, places: dict[str, int]) -> dict[str, Any]:
    place = violation.urn or f"the stack {stack}"
    # Without a line, only this tells a scanner that a violation is the one of last time.
    same = hashlib.sha256(f"{violation.policy}\n{place}\n{violation.message}".encode()).hexdigest()
    return {
        "ruleId": violation.policy,
        **({"ruleIndex": places[violation.policy]} if violation.policy in places else {}),
        "level": "error" if violation.mandatory else "warning",
        "message": {"text": violation.message},
        "partialFingerprints": {f"{_NAME}/v1": same},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"Pulumi.{stack}.yaml"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}],
            }
        ],
    }
