"""The pack's configuration for one stack: levels, options and exemptions, all checked at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import Any, cast

from .model import Rule
from .options import Options, OptionValue, defaults


class Level(Enum):
    """What a violation does."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"
    DISABLED = "disabled"


class ConfigurationError(Exception):
    """The configuration names something that does not exist or has the wrong shape.

    Attributes:
        problems: one sentence each, with the way out.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(["The configuration of the policy pack cannot be used:", *problems]))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class RuleSetting:
    """What the configuration says of one rule.

    Attributes:
        level: none where it says nothing.
        properties: the options it sets, unchecked.
    """

    level: Level | None = None
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Configuration:
    """Levels and options of every rule.

    Attributes:
        levels: by rule name.
        options: by rule name.
    """

    levels: Mapping[str, Level]
    options: Mapping[str, Options]


ALL = "all"


def configure(rules: Sequence[Rule], settings: Mapping[str, RuleSetting]) -> Configuration:
    """The configuration in force. Rules are mandatory unless `all` or the rule's own setting says otherwise.

    Raises:
        ConfigurationError: an unknown rule or option, or an option of the wrong shape.
    """
    problems = [_unknown_rule(name, rules) for name in settings if name not in {ALL, *(r.name for r in rules)}]
    every = settings.get(ALL, RuleSetting()).level or Level.MANDATORY
    levels: dict[str, Level] = {}
    options: dict[str, Options] = {}
    for rule in rules:
        setting = settings.get(rule.name, RuleSetting())
        levels[rule.name] = setting.level or every
        options[rule.name] = _options(rule, setting.properties, problems)
    if problems:
        raise ConfigurationError(problems)
    return Configuration(levels, options)


def parse_settings(document: Any) -> dict[str, RuleSetting]:
    """The settings in a configuration file such as `config/prod.json`.

    Raises:
        ConfigurationError: an unknown level or a setting of the wrong shape.
    """
    if not isinstance(document, dict):
        raise ConfigurationError(["- the file must hold one JSON object: rule name -> level or settings"])
    entries = cast("dict[str, Any]", document)
    problems: list[str] = []
    settings: dict[str, RuleSetting] = {}
    for name, value in entries.items():
        properties = dict(cast("dict[str, Any]", value)) if isinstance(value, dict) else {"enforcementLevel": value}
        settings[name] = RuleSetting(_level(name, properties.pop("enforcementLevel", None), problems), properties)
    if problems:
        raise ConfigurationError(problems)
    return settings


def _level(name: str, value: Any, problems: list[str]) -> Level | None:
    if value is None:
        return None
    known = {level.value: level for level in Level}
    if value not in known:
        problems.append(f"- {name}: {value!r} is no level; take one of {', '.join(known)}")
    return known.get(value)


def _options(rule: Rule, properties: Mapping[str, Any], problems: list[str]) -> Options:
    values: dict[str, OptionValue] = dict(defaults(rule.options).values)
    known = {option.name: option for option in rule.options}
    for name, value in properties.items():
        if name not in known:
            allowed = f"it knows {', '.join(known)}" if known else "it has none"
            problems.append(f"- {rule.name}: there is no option {name!r}; {allowed}")
            continue
        try:
            values[name] = known[name].parse(value)
        except ValueError:
            problems.append(f"- {rule.name}.{name}: {value!r} is not {known[name].kind.value}")
    return Options(values)


def _unknown_rule(name: str, rules: Sequence[Rule]) -> str:
    names = [rule.name for rule in rules]
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the rules are {', '.join(names)}"
    return f"- there is no rule {name!r}; {hint}"
