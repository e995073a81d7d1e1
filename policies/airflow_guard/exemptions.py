"""Exemptions as data: a rule, a resource, a reason, an owner and a last day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from .configuration import ConfigurationError
from .model import Finding, Severity, Stack, StackRule, Violation
from .options import Option, OptionKind, Options

FIELDS = ("rule", "resource", "reason", "owner", "expires")
ENTRIES = "entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """One exemption.

    Attributes:
        rule: the rule that need not hold.
        resource: pattern with `*` and `?` over the URN or over `Kind namespace/name`.
        reason: why.
        owner: who answers for it.
        expires: the last day it holds.
    """

    rule: str
    resource: str
    reason: str
    owner: str
    expires: date

    def covers(self, violation: Violation) -> bool:
        """It names the violation's rule and resource."""
        if violation.rule.name != self.rule or violation.resource is None:
            return False
        names = (violation.resource.urn, violation.resource.title)
        return any(fnmatchcase(name, self.resource) for name in names)

    def __str__(self) -> str:
        return f"{self.rule} for {self.resource!r} (owner {self.owner}, until {self.expires.isoformat()})"


@dataclass
class Register:
    """The exemptions of a run and which of them were needed.

    Attributes:
        exemptions: all of them.
        today: expiry is judged by this day.
    """

    exemptions: Sequence[Exemption]
    today: date
    _needed: set[Exemption] = field(default_factory=set[Exemption])

    def remaining(self, violations: Iterable[Violation]) -> list[Violation]:
        """The violations that no valid exemption covers."""
        return [violation for violation in violations if not self._exempt(violation)]

    def findings(self) -> Iterable[Finding]:
        """Exemptions that have expired, and those that nothing needed."""
        for exemption in self.exemptions:
            if exemption.expires < self.today:
                yield Finding(what=f"the exemption of {exemption} has expired")
            elif exemption not in self._needed:
                yield Finding(what=f"the exemption of {exemption} covers nothing any more")

    def _exempt(self, violation: Violation) -> bool:
        covering = [item for item in self.exemptions if item.expires >= self.today and item.covers(violation)]
        self._needed.update(covering)
        return bool(covering)


def parse_exemptions(entries: Sequence[Mapping[str, str]], rules: Iterable[str]) -> list[Exemption]:
    """The exemptions of a configuration.

    Raises:
        ConfigurationError: one lacks a reason or owner, names no rule, matches everything or has no date.
    """
    known = set(rules)
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        problems += [f"- exemption {number}: {problem}" for problem in _problems(entry, known)]
    if problems:
        raise ConfigurationError(problems)
    return [
        Exemption(
            rule=entry["rule"],
            resource=entry["resource"],
            reason=entry["reason"],
            owner=entry["owner"],
            expires=date.fromisoformat(entry["expires"]),
        )
        for entry in entries
    ]


def _problems(entry: Mapping[str, str], rules: set[str]) -> Iterable[str]:
    for name in FIELDS:
        if not entry.get(name, "").strip():
            yield f"{name!r} is missing"
    for name in entry.keys() - set(FIELDS):
        yield f"{name!r} is unknown; take {', '.join(FIELDS)}"
    if entry.get("rule") and entry["rule"] not in rules:
        yield f"there is no rule {entry['rule']!r}"
    pattern = entry.get("resource", "")
    if pattern and not pattern.strip("*?: "):
        yield f"the pattern {pattern!r} covers everything; name the resource"
    if "[" in pattern:
        yield f"the pattern {pattern!r} may hold * and ? only"
    if entry.get("expires") and not _is_date(entry["expires"]):
        yield f"expires {entry['expires']!r} is no day; write it as 2027-01-31"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _nothing(_stack: Stack, _options: Options) -> Iterable[Finding]:
    """The pack asks the register instead, since only it knows what was exempted."""
    return ()


RULE = StackRule(
    name="exemptions",
    title="Every exemption is valid and still needed",
    why="an exemption that outlives its reason hides the next real violation",
    mend="mend what it covers, renew it with a new date, or delete it from the pack's configuration",
    severity=Severity.MEDIUM,
    references=(),
    options=(
        Option(
            name=ENTRIES,
            kind=OptionKind.RECORDS,
            default=[],
            description="Exemptions: rule, resource (pattern over the URN or `Kind namespace/name`), reason, owner, "
            "expires (last day).",
        ),
    ),
    check=_nothing,
)
