"""From stack configuration to settings: every key is read here, once."""

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from settings.declared_proofs import is_hidden
from settings.platform_settings import PlatformSettings
from settings.problems import Problem, SettingsError
from settings.schema import field_at, keys_below

PROJECT = "airflow-platform"
SECRET_KEYS = frozenset({"oidcClientSecret", "givenValues"})
"""Flat keys that hold secrets; read where they are wrapped, never part of the settings."""


def load() -> PlatformSettings:
    """The settings of the current stack.

    Raises:
        pulumi.RunError: with every problem of the stack file, one line each and no traceback.
    """
    try:
        return parse(_read_config(), pulumi.get_stack())
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def parse(values: Mapping[str, Any], stack: str = "") -> PlatformSettings:
    """Plain values, keyed as in the stack file, to settings.

    Raises:
        SettingsError: with every problem.
    """
    try:
        return PlatformSettings.model_validate(dict(values))
    except ValidationError as error:
        problems = [problem for details in error.errors() for problem in _problems(details)]
        raise SettingsError(problems, stack) from None


def own_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a stack file's `config` says of this project, without the prefix: what `parse` takes."""
    prefix = f"{PROJECT}:"
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}


def _read_config() -> dict[str, Any]:
    config = pulumi.Config(PROJECT)
    known = {to_camel(name) for name in PlatformSettings.model_fields}
    values: dict[str, Any] = {}
    # Only the runtime knows which keys are there; `Config` answers for one key at a time.
    for full_key in sorted({*CONFIG.get(), *get_config_env()}):
        project, _, key = full_key.partition(":")
        if project == PROJECT and key not in SECRET_KEYS:
            text = config.get(key)
            values[key] = _value(text) if key in known else text
    return values


def _value(text: str | None) -> Any:
    """Objects arrive as JSON text, everything else as it was written."""
    if text is None or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _problems(details: ErrorDetails) -> list[Problem]:
    proven = details.get("ctx", {}).get("error")
    if isinstance(proven, SettingsError):
        return list(proven.problems)
    key = ".".join(str(part) for part in details["loc"])
    kind = details["type"]
    if kind == "default_factory_not_called":
        # A default that follows from what is wrong itself.
        return []
    if kind == "missing":
        return [Problem(key=key, value="(missing)", reason="it is required", way_out=_help(details["loc"]))]
    # What somebody wrote where a reference belongs may be the secret itself.
    shown = "(not shown)" if is_hidden(str(details["loc"][-1])) else json.dumps(details["input"], default=str)
    if kind == "extra_forbidden":
        return [Problem(key=key, value=_short(shown), reason="there is no such key", way_out=_nearest(details["loc"]))]
    reason = str(proven) if isinstance(proven, ValueError) else details["msg"][0].lower() + details["msg"][1:]
    return [Problem(key=key, value=_short(shown), reason=reason, way_out=_help(details["loc"]))]


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _help(location: Sequence[str | int]) -> str:
    """What the key means, from its own documentation."""
    field = field_at(PlatformSettings, location)
    meaning = (field.description or "") if field else ""
    return f"It means: {' '.join(meaning.split()).rstrip('.')}" if meaning else "See docs/reference/configuration.md"


def _nearest(location: Sequence[str | int]) -> str:
    """The known key that a misspelt one most resembles, or all of them."""
    known = keys_below(PlatformSettings, location[:-1])
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"Write '{close[0]}'" if close else f"Known here: {', '.join(sorted(known))}"
