"""Writes one page per rule and their index: `python -m airflow_guard.pages FOLDER [--check]`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from . import exemptions
from .model import ResourceRule, Rule
from .options import Option
from .registry import RULES

_NOTE = "<!-- Written by `python -m airflow_guard.pages`; change the rule, not this page. -->"


def render() -> dict[str, str]:
    """File name to content."""
    rules = (*RULES, exemptions.RULE)
    pages = {f"{rule.name}.md": _page(rule) for rule in rules}
    return {**pages, "README.md": _index(rules)}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with `--check` say which are not up to date. Returns the exit code."""
    folder = Path(arguments[0])
    pages = render()
    if "--check" in arguments:
        stale = [name for name, text in pages.items() if not _same(folder / name, text)]
        stale += [path.name for path in folder.glob("*.md") if path.name not in pages and _generated(path)]
        if stale:
            sys.stderr.write(f"{folder}: not up to date: {', '.join(sorted(stale))}\n")
        return 1 if stale else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def _page(rule: Rule) -> str:
    scope = "each resource, before its step" if isinstance(rule, ResourceRule) else "the stack as a whole, at the end"
    lines = [
        f"# {rule.name}",
        "",
        _NOTE,
        "",
        f"**{rule.title}.** Severity: {rule.severity.value}. Judges {scope}.",
        "",
        f"* Why: {rule.why}.",
        f"* How to mend it: {rule.mend}.",
    ]
    if rule.references:
        lines.append(f"* Also asked for by: {'; '.join(rule.references)}.")
    if rule.options:
        lines += ["", "| Option | Default | Meaning |", "|---|---|---|", *map(_option, rule.options)]
    example = dict.fromkeys(exemptions.FIELDS, "...") | {"rule": rule.name, "expires": "2027-01-31"}
    document = {exemptions.RULE.name: {"enforcementLevel": "mandatory", exemptions.ENTRIES: [example]}}
    lines += [
        "",
        "An exemption in the pack's configuration names the resource, a reason, an owner and its last day:",
        "",
        "```json",
        json.dumps(document),
        "```",
    ]
    if rule is exemptions.RULE:
        lines = lines[:-6]
    return "\n".join(lines).rstrip() + "\n"


def _option(option: Option) -> str:
    default = str(option.default).replace("|", "\\|")
    return f"| `{option.name}` | `{default}` | {option.description} |"


def _index(rules: Sequence[Rule]) -> str:
    rows = [
        f"| [{rule.name}]({rule.name}.md) | {rule.title} | {rule.severity.value} | {'; '.join(rule.references)} |"
        for rule in rules
    ]
    head = [
        "# The rules",
        "",
        _NOTE,
        "",
        "| Rule | What must hold | Severity | Also asked for by |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def _generated(path: Path) -> bool:
    return _NOTE in path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
