"""Which files of a folder belong to a build context, by the rules of `.dockerignore`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    prefix: tuple[str, ...]
    keeps: bool


class Ignore:
    """The rules of one ignore file: the last rule that matches a path, or a folder above it, decides."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._rules = [rule for line in lines if (rule := _parse(line)) is not None]

    @classmethod
    def of(cls, context: Path, dockerfile: Path) -> "Ignore":
        """The rules that hold for a build: `<dockerfile>.dockerignore`, else the context's `.dockerignore`."""
        path = ignore_file(context, dockerfile)
        return cls(path.read_text(encoding="utf-8").splitlines() if path else ())

    def excludes(self, path: PurePosixPath) -> bool:
        """True when the path, relative to the context, is left out."""
        candidates = ["/".join(path.parts[: n + 1]) for n in range(len(path.parts))]
        excluded = False
        for rule in self._rules:
            if any(rule.pattern.fullmatch(candidate) for candidate in candidates):
                excluded = not rule.keeps
        return excluded

    def may_keep_below(self, folder: PurePosixPath) -> bool:
        """False when nothing below an excluded folder can be let in again, so that it need not be walked."""
        return any(
            rule.keeps and all(a == b or _has_wildcard(b) for a, b in zip(folder.parts, rule.prefix, strict=False))
            for rule in self._rules
        )


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """The ignore file that holds for a build, if there is one."""
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if path.is_file():
            return path
    return None


def context_files(context: Path, ignore: Ignore) -> Iterator[Path]:
    """Files and symbolic links of a context that are not ignored, sorted, as paths relative to it."""
    yield from _walk(context, PurePosixPath(), ignore)


def _walk(context: Path, folder: PurePosixPath, ignore: Ignore) -> Iterator[Path]:
    for entry in sorted((context / folder).iterdir(), key=lambda path: path.name):
        relative = folder / entry.name
        excluded = ignore.excludes(relative)
        if entry.is_dir() and not entry.is_symlink():
            if not excluded or ignore.may_keep_below(relative):
                yield from _walk(context, relative, ignore)
        elif not excluded:
            yield Path(relative)


def _parse(line: str) -> _Rule | None:
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text.removeprefix("!").strip().strip("/")
    parts = tuple(part for part in text.split("/") if part not in ("", "."))
    if not parts:
        return None
    return _Rule(pattern=re.compile(_expression("/".join(parts))), prefix=parts, keeps=keeps)


def _has_wildcard(part: str) -> bool:
    return any(sign in part for sign in "*?[")


def _expression(pattern: str) -> str:
    out = ""
    position = 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**/"):
            out, step = out + "(?:.*/)?", 3
        elif rest.startswith("**"):
            out, step = out + ".*", 2
        elif rest[0] == "*":
            out, step = out + "[^/]*", 1
        elif rest[0] == "?":
            out, step = out + "[^/]", 1
        elif rest[0] == "[" and "]" in rest:
            step = rest.index("]") + 1
            out += rest[:step]
        else:
            out, step = out + re.escape(rest[0]), 1
        position += step
    return out
