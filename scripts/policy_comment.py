"""One Markdown comment from SARIF files of the policy pack: `python -m scripts.policy_comment FILE...`.

The workflow puts it on the pull request. Everything in a violation may come from the change under review, so nothing of it
is taken as Markdown. Needs nothing but the standard library.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MARKER: Final = "<!-- airflow-guard -->"
"""First line of the comment, by which the workflow finds the one of last time."""
LONGEST: Final = 60_000
"""Characters; GitHub refuses more than 65,536."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~$@:-])")


@dataclass(frozen=True)
class Found:
    """One violation.

    Attributes:
        stack: that was judged.
        rule: its name.
        page: address of its page, or "".
        mandatory: it refuses the stack.
        lines: title, place, why, mend, page.
    """

    stack: str
    rule: str
    page: str
    mandatory: bool
    lines: tuple[str, ...]


def read(path: Path) -> tuple[str, list[Found]]:
    """The stack and the violations of a SARIF file.

    Raises:
        ValueError: it is no SARIF file of the policy pack.
    """
    try:
        [run] = json.loads(path.read_text(encoding="utf-8"))["runs"]
        stack = run["automationDetails"]["id"].split("/")[1]
        pages = {rule["id"]: rule.get("helpUri", "") for rule in run["tool"]["driver"]["rules"]}
        return stack, [_found(stack, result, pages) for result in run["results"]]
    except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
        msg = f"{path}: not a SARIF file of the policy pack ({type(error).__name__}: {error})"
        raise ValueError(msg) from error


def _found(stack: str, result: dict[str, Any], pages: dict[str, str]) -> Found:
    rule = result["ruleId"]
    lines = tuple(result["message"]["text"].splitlines())
    return Found(stack, rule, pages.get(rule, ""), result["level"] == "error", lines)


def comment(judged: Sequence[tuple[str, list[Found]]]) -> str:
    """The whole comment; shortened where there is too much to say."""
    found = [item for _, items in judged for item in items]
    refused = sum(item.mandatory for item in found)
    verdict = f"{refused} violation{'s' * (refused != 1)} to mend" if refused else "nothing stands against this change"
    head = [MARKER, f"### Policies: {verdict}", "", "| Stack | Mandatory | Advisory |", "|---|---|---|"]
    for stack, items in judged:
        mandatory = sum(item.mandatory for item in items)
        head.append(f"| {escaped(stack)} | {mandatory} | {len(items) - mandatory} |")
    text, left = "\n".join([*head, ""]), 0
    for block in map(_block, sorted(found, key=lambda item: (not item.mandatory, item.rule, item.stack))):
        if left or len(text) + len(block) > LONGEST:
            left += 1
        else:
            text += block
    more = f"\n... and {left} more: `make policy` lists them all.\n" if left else ""
    return text + more


def _block(item: Found) -> str:
    title, *rest = item.lines or ("",)
    safe = re.match(r"https://[\w.~:/?#@!&=+,;%-]+$", item.page)
    rule = f"[{item.rule}]({item.page})" if safe else escaped(item.rule)
    level = "mandatory" if item.mandatory else "advisory"
    body = "\n".join(f"> {line}  " for line in _details(rest))
    return f"\n**{rule}** ({level}, {escaped(item.stack)}): {escaped(title)}\n{body}\n"


def _details(lines: Sequence[str]) -> Iterator[str]:
    """Place, reason and mend; the page is linked already."""
    for line in lines:
        if not line.startswith("See: "):
            yield escaped(line)


def escaped(text: str) -> str:
    """As text: no markup, no mention, no HTML."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", plain).replace("\\@", "@\u200b")


def main(arguments: Sequence[str]) -> int:
    """Print the comment. Returns the exit code: 2 when a file cannot be read."""
    try:
        judged = [read(Path(name)) for name in arguments]
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not judged:
        sys.stderr.write("name the SARIF files of `make policy`\n")
        return 2
    sys.stdout.write(comment(judged))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
