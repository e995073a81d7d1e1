"""The real stack files as plain values."""

import copy
from pathlib import Path
from typing import Any

import yaml

from settings.load import own_values, parse
from settings.problems import Problem, SettingsError

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("dev", "staging", "prod")


def values_of(stack: str) -> dict[str, Any]:
    """What `Pulumi.<stack>.yaml` says below `airflow-platform:`."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return own_values(config)


def changed(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a dotted path replaced; `None` removes it."""
    result = copy.deepcopy(values)
    *parents, last = path.split(".")
    place = result
    for part in parents:
        place = place.setdefault(part, {})
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return result


def problems_of(values: dict[str, Any]) -> list[Problem]:
    """What is wrong with these values, all of it."""
    try:
        parse(values)
    except SettingsError as error:
        return list(error.problems)
    return []
