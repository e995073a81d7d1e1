"""A judgement as a table for people, as JSON and as SARIF for machines."""

import json
from typing import Any, Final

from rich.console import Console, Group
from rich.text import Text

from local.engine.events import Violation
from local.policy.judge import Judgement

_SARIF: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
_STYLES: Final = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "blue"}
_PAGES: Final = "docs/policies"


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
                "page": f"{_PAGES}/{violation.policy}.md",
            }
            for violation in judgement.violations
        ],
    }
    return json.dumps(document, indent=2)


def as_sarif(judgement: Judgement) -> str:
    """The violations as code scanners exchange them; a resource stands where they would name a file."""
    rules = {violation.policy: violation for violation in judgement.violations}
    driver = {
        "name": "airflow-guard",
        "informationUri": "https://www.pulumi.com/docs/insights/policy/",
        "rules": [_sarif_rule(rule) for rule in rules.values()],
    }
    results = [_sarif_result(violation, judgement.stack) for violation in judgement.violations]
    document = {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(document, indent=2)


def _block(violation: Violation) -> Group:
    title, _, rest = violation.message.partition("\n")
    head = Text.assemble(
        (f"{violation.level:<9} ", "bold red" if violation.mandatory else "yellow"),
        (violation.policy, "bold"),
        (f"  {violation.severity}", _STYLES.get(violation.severity, "")),
        f"  {title}",
    )
    return Group(head, *(Text(f"    {line}") for line in rest.splitlines()))


def _sarif_rule(violation: Violation) -> dict[str, Any]:
    title = violation.message.partition("\n")[0]
    return {
        "id": violation.policy,
        "shortDescription": {"text": title},
        "help": {"text": f"See {_PAGES}/{violation.policy}.md"},
        "properties": {"security-severity": _SCORES.get(violation.severity, "5.0")},
    }


def _sarif_result(violation: Violation, stack: str) -> dict[str, Any]:
    place = violation.urn or f"the stack {stack}"
    return {
        "ruleId": violation.policy,
        "level": "error" if violation.mandatory else "warning",
        "message": {"text": violation.message},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": f"Pulumi.{stack}.yaml"}},
                "logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}],
            }
        ],
    }
