"""Runs the rules: levels, exemptions, unknown values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar

from . import exemptions
from .configuration import Configuration, Level, RuleSetting, configure
from .exemptions import Register, parse_exemptions
from .model import Finding, Resource, ResourceRule, Rule, Stack, StackRule, Violation, unknown_finding
from .node import NotKnownError

R = TypeVar("R", bound=Rule)


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Report:
    """What the rules say of a resource or of the stack.

    Attributes:
        violations: with the level in force.
        not_applicable: names of the rules that had nothing to look at.
    """

    violations: list[tuple[Violation, Level]]
    not_applicable: list[str] = field(default_factory=list[str])


class Pack:
    """The rules with the configuration of one stack. One instance serves one run.

    Attributes:
        rules: all of them.
        stack: name of the stack, set before the first resource comes.
    """

    def __init__(self, rules: Sequence[Rule], today: Callable[[], date] = _today) -> None:
        self.rules: tuple[Rule, ...] = (*rules, exemptions.RULE)
        self.stack = ""
        self._today = today
        self._configuration: Configuration = configure(self.rules, {})
        self._register = Register((), today())

    def configure(self, settings: Mapping[str, RuleSetting]) -> None:
        """Take over levels, options and exemptions.

        Raises:
            ConfigurationError: something in the settings cannot be used; nothing is taken over.
        """
        configuration = configure(self.rules, settings)
        entries = configuration.options[exemptions.RULE.name].records(exemptions.ENTRIES)
        parsed = parse_exemptions(entries, (rule.name for rule in self.rules))
        self._configuration = configuration
        self._register = Register(parsed, self._today())

    def level(self, rule: Rule) -> Level:
        """The level in force."""
        return self._configuration.levels[rule.name]

    def analyze(self, resource: Resource) -> Report:
        """What the resource rules say of one resource."""
        report = Report([])
        for rule in self._active(ResourceRule):
            if not rule.applies(resource):
                report.not_applicable.append(rule.name)
                continue
            self._add(report, rule, rule.check(resource, self._configuration.options[rule.name]), resource)
        return report

    def analyze_stack(self, resources: Iterable[Resource]) -> Report:
        """What the stack rules say of all resources together; exemptions are judged last."""
        stack = Stack(self.stack, tuple(resources))
        report = Report([])
        for rule in self._active(StackRule):
            if rule is not exemptions.RULE:
                self._add(report, rule, rule.check(stack, self._configuration.options[rule.name]), None)
        if self.level(exemptions.RULE) is not Level.DISABLED:
            self._add(report, exemptions.RULE, self._register.findings(), None)
        return report

    def _active(self, kind: type[R]) -> list[R]:
        return [rule for rule in self.rules if isinstance(rule, kind) and self.level(rule) is not Level.DISABLED]

    def _add(self, report: Report, rule: Rule, found: Iterable[Finding], resource: Resource | None) -> None:
        violations = [Violation(rule, finding, finding.resource or resource) for finding in _until_unknown(found)]
        level = self.level(rule)
        report.violations.extend((violation, level) for violation in self._register.remaining(violations))


def _until_unknown(found: Iterable[Finding]) -> Iterable[Finding]:
    """The findings; a value that is not known ends the rule with a finding of its own."""
    try:
        yield from found
    except NotKnownError as error:
        yield unknown_finding(error.path)
