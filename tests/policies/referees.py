"""Other judges over the same objects: what they say of our stack, and which of our rules' violations they find too.

`make referees` compares that with what is committed: `policies/referees/expected.json`, where each deviation on our own
stack stands with its reason, and `docs/policies/coverage.md`. `python -m tests.policies.referees --write` writes the page.
Both judges work offline. checkov has an environment of its own, for it pins a hundred packages.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import kubernetes_validate
import yaml
from airflow_guard.model import Resource
from airflow_guard.registry import RULES

from local import paths
from tests.harness import record_stack
from tests.policies.sabotages import Sabotage, sabotages
from tests.policies.test_own_stacks import resources

EXPECTED = paths.checkout() / "policies" / "referees" / "expected.json"
PAGE = paths.checkout() / "docs" / "policies" / "coverage.md"
CHECKOV, VALIDATE = "checkov", "kubernetes-validate"
JUDGED = "prod"
"""The stack that is judged: the others hold the same objects, fewer and smaller."""
_NOTE = "<!-- Written by `python -m tests.policies.referees --write`; change the rules, not this page. -->"
_SUFFIX = re.compile(r"-[0-9a-f]{10}$")


@dataclass(frozen=True, order=True)
class Found:
    """One deviation.

    Attributes:
        tool: who says so.
        check: by which of its checks.
        file: where, relative to the folder that was judged.
    """

    tool: str
    check: str
    file: str


@dataclass(frozen=True)
class Case:
    """A sabotage as files that a judge can read.

    Attributes:
        rule: of ours that is meant to catch it.
        before: name of the file with the object in order.
        after: the same object spoiled; `""` when it is taken away, or when nothing of it shows in a manifest.
    """

    rule: str
    before: str
    after: str


def judge(folder: Path, checkov: Path) -> set[Found]:
    """What both judges say of the YAML files in a folder."""
    return {*_checkov(folder, checkov), *_validate(folder)}


def _checkov(folder: Path, program: Path) -> Iterator[Found]:
    command = [program, "--directory", ".", "--framework", "kubernetes", "--skip-download", "--compact", "--quiet"]
    run = subprocess.run([*command, "--output", "json"], cwd=folder, capture_output=True, text=True, check=False)
    try:
        document = json.loads(run.stdout)
        failed = document["results"]["failed_checks"] if "results" in document else []
    except (ValueError, KeyError, TypeError):
        sys.exit(f"checkov says nothing that can be read: {run.stdout[-500:]}{run.stderr[-2000:]}")
    for item in failed:
        yield Found(CHECKOV, item["check_id"], item["file_path"].removeprefix("/"))


def _validate(folder: Path) -> Iterator[Found]:
    version = kubernetes_validate.latest_version()
    for path in sorted(folder.glob("*.yaml")):
        try:
            kubernetes_validate.validate(yaml.safe_load(path.read_text()), version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            continue  # a custom resource: it knows the built-in kinds only
        except kubernetes_validate.ValidationError:
            yield Found(VALIDATE, "schema", path.name)


def manifest(item: Resource) -> str:
    """An object as YAML."""
    return yaml.safe_dump(_plain(item.props.raw), sort_keys=True)


def _plain(value: Any) -> Any:
    """Without the marks of the pack: secret texts are texts, whole numbers have no point."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def file_name(item: Resource) -> str:
    """Kind, namespace and name; a Job's name without the part that follows from its content."""
    kind, _, name = item.title.partition(" ")
    return _SUFFIX.sub("", f"{kind}.{name.replace('/', '.')}") + ".yaml"


def write_stack(items: Iterable[Resource], folder: Path) -> None:
    """One file for each Kubernetes object."""
    folder.mkdir(parents=True)
    for item in items:
        if item.kind:
            (folder / file_name(item)).write_text(manifest(item))


def write_cases(items: list[Resource], folder: Path) -> list[Case]:
    """Each sort of sabotage once for each kind, as a file before and a file after."""
    folder.mkdir(parents=True)
    cases: list[Case] = []
    seen: set[tuple[str, str, str]] = set()
    for number, sabotage in enumerate(sabotages(items)):
        sort = (sabotage.rule, sabotage.before.kind, re.sub(r"\[\d+\]", "", sabotage.what))
        if sort not in seen:
            seen.add(sort)
            cases.append(_write_case(sabotage, number, folder))
    return cases


def _write_case(sabotage: Sabotage, number: int, folder: Path) -> Case:
    before, after = f"{number:03}-before.yaml", f"{number:03}-after.yaml"
    if not sabotage.before.kind or sabotage.after is None or sabotage.after.props == sabotage.before.props:
        return Case(sabotage.rule, "", "")
    (folder / before).write_text(manifest(sabotage.before))
    (folder / after).write_text(manifest(sabotage.after))
    return Case(sabotage.rule, before, after)


def caught(case: Case, found: Iterable[Found]) -> set[str]:
    """Checks that say something of the spoiled object that they do not say of the object in order."""
    by_file: dict[str, set[str]] = {case.before: set(), case.after: set()}
    for item in found:
        if item.file in by_file:
            by_file[item.file].add(item.check if item.tool == CHECKOV else item.tool)
    return by_file[case.after] - by_file[case.before] if case.after else set()


def deviations(found: Iterable[Found], expected: list[dict[str, str]]) -> list[str]:
    """Findings that nobody explained, and explanations that explain nothing any more."""
    told = {(item.tool, item.check, item.file) for item in found}
    explained = {
        (tool, check, place): [
            entry
            for entry in expected
            if (entry["tool"], entry["check"]) == (tool, check) and fnmatchcase(place, entry["place"])
        ]
        for tool, check, place in told
    }
    new = [
        f"new: {' '.join(key)}: mend it, or explain it in {EXPECTED.name}" for key, by in explained.items() if not by
    ]
    used = [entry for by in explained.values() for entry in by]
    gone = [f"vanished: {e['tool']} {e['check']} {e['place']}: remove it" for e in expected if e not in used]
    return sorted(new) + sorted(gone)


def page(cases: list[Case], found: set[Found], expected: list[dict[str, str]]) -> str:
    """`docs/policies/coverage.md`."""
    rows, ours, unseen = list[str](), list[str](), list[str]()
    for rule in RULES:
        mine = [case for case in cases if case.rule == rule.name]
        shown = [case for case in mine if case.after]
        hits = [caught(case, found) for case in shown]
        others = sorted(set().union(*hits))
        if not others:
            (ours if shown else unseen).append(f"[{rule.name}]({rule.name}.md)")
        finds = f"{sum(map(bool, hits))} of {len(shown)}" if shown else "-"
        rows.append(
            f"| [{rule.name}]({rule.name}.md) | {len(mine)} | {len(shown)} | {finds} | {', '.join(others) or '-'} |"
        )
    explained = [f"| {e['tool']} | {e['check']} | `{e['place']}` | {e['reason']} |" for e in expected]
    return "\n".join(
        [
            "# Who else finds it",
            "",
            _NOTE,
            "",
            f"The sabotages of `tests/policies/sabotages.py` on the rendered stack `{JUDGED}`, each sort once for each kind of",
            "object, shown to checkov and to kubernetes-validate (strict). A referee finds a sabotage when it says something of",
            "the spoiled object that it did not say before. Ours finds all of them, which `make test` checks. A sabotage does not",
            "show in a manifest when an object is taken away, or when it is the program that is spoiled.",
            "",
            "| Rule | Sabotages | In a manifest | Found by a referee | Its checks |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"Shown to the referees and found by ours only ({len(ours)} of {len(RULES)} rules): {', '.join(ours)}.",
            "",
            f"Not shown to them, for no manifest of this stack can hold it, or it has no such object: {', '.join(unseen)}.",
            "",
            "## What the referees say of our own stack",
            "",
            f"Every other check passes, on every object of `{JUDGED}`. A new finding fails `make referees`, and so does one of these",
            "that is gone.",
            "",
            "| Referee | Check | Where | Why it stays |",
            "|---|---|---|---|",
            *explained,
            "",
        ]
    )


def main(checkov: Path, *, write: bool) -> int:
    """Compare with what is committed, or write the page. Returns the exit code."""
    expected = cast("list[dict[str, str]]", json.loads(EXPECTED.read_text()))
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        items = resources(JUDGED, record_stack(JUDGED).resources)
        cases = write_cases(items, root / "cases")
        text = page(cases, judge(root / "cases", checkov), expected)
        if write:
            PAGE.write_text(text, encoding="utf-8")
        write_stack(items, root / JUDGED)
        problems = deviations(judge(root / JUDGED, checkov), expected)
    if not (PAGE.exists() and PAGE.read_text(encoding="utf-8") == text):
        problems.append(f"{PAGE.name} is not up to date: run python -m tests.policies.referees --write")
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(paths.venvs() / "referees" / "bin" / "checkov", write="--write" in sys.argv[1:]))
