"""Paths into properties, as `ignore_changes` and `replace_on_changes` write them: `spec.ports[0].name`, `a["b.c"]`."""

import copy
import json
import re
from typing import Any, Final, cast

from local.engine.errors import BadInputError
from local.engine.providers.base import Properties
from local.engine.values import Secret

Path = tuple[str | int, ...]
ANY: Final = "*"

_PART: Final = re.compile(
    r"""(?:^|\.)(?P<key>[^.\[\]"]+)     # a name
      | \[(?P<index>\d+)\]              # a place in a list
      | \[(?P<star>\*)\]                # any place or key
      | \.?\[(?P<text>"(?:[^"\\]|\\.)*")\]  # a name with dots in it
    """,
    re.VERBOSE,
)
_ABSENT: Final = object()


def parse(text: str) -> Path:
    """Take a path apart. Raises BadInputError when it is none."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            msg = f'{text!r} is no property path; write for example spec.replicas or metadata.annotations["a.b/c"]'
            raise BadInputError(msg)
        if match["index"] is not None:
            parts.append(int(match["index"]))
        elif match["text"] is not None:
            parts.append(json.loads(match["text"]))
        else:
            parts.append(match["key"] or ANY)
        position = match.end()
    return tuple(parts)


def covers(pattern: Path, path: Path) -> bool:
    """Whether a change at `path` lies at, below or above `pattern`."""
    return all(wanted in {ANY, part} for wanted, part in zip(pattern, path, strict=False))


def keep_old(news: Properties, olds: Properties, patterns: tuple[str, ...]) -> Properties:
    """`news` with the values at `patterns` put back to what `olds` has there; gone when it has none."""
    result: Any = copy.deepcopy(news) if patterns else news
    for text in patterns:
        result = _restore(result, olds, parse(text))
    return cast("Properties", result)


def _restore(new: Any, old: Any, path: Path) -> Any:
    if not path:
        return new if old is _ABSENT else old
    if isinstance(new, Secret):
        inner = old.value if isinstance(old, Secret) else old
        return Secret(_restore(new.value, inner, path))
    old = old.value if isinstance(old, Secret) else old
    head, rest = path[0], path[1:]
    if isinstance(new, dict):
        return _restore_map(cast("Properties", new), old, head, rest)
    if isinstance(new, list):
        return _restore_list(cast("list[Any]", new), old, head, rest)
    return new


def _restore_map(new: Properties, old: Any, head: str | int, rest: Path) -> Properties:
    olds = cast("Properties", old) if isinstance(old, dict) else {}
    keys = new.keys() | olds.keys() if head == ANY else {str(head)}
    result = dict(new)
    for key in keys:
        if not rest and key not in olds:
            result.pop(key, None)
        elif not rest:
            result[key] = olds[key]
        elif key in new:
            result[key] = _restore(new[key], olds.get(key, _ABSENT), rest)
    return result


def _restore_list(new: list[Any], old: Any, head: str | int, rest: Path) -> list[Any]:
    olds = cast("list[Any]", old) if isinstance(old, list) else []
    chosen = range(len(new)) if head == ANY else [head] if isinstance(head, int) else []
    result = list(new)
    for index in chosen:
        if index < len(new):
            result[index] = _restore(new[index], olds[index] if index < len(olds) else _ABSENT, rest)
    return result
