"""Generations of a generated value: which of two is used, which is still accepted.

A value is rotated in two updates. The first raises its counter in `credentials.rotation`: the generation before stays
accepted, so whoever has not restarted yet goes on. The second raises `credentials.retired` to that generation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from settings.stack import CredentialSettings

NONE_RETIRED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Where the rotation of one value stands.

    Attributes:
        newest: the generation that the counter names.
        retired: the highest generation that is out of use, -1 for none.
    """

    newest: int
    retired: int = NONE_RETIRED

    @classmethod
    def of(cls, root: str, settings: CredentialSettings) -> "Counter":
        """The counter of a root."""
        return cls(newest=settings.rotation.get(root, 0), retired=settings.retired.get(root, NONE_RETIRED))

    @property
    def generations(self) -> tuple[int, ...]:
        """The generations that exist, oldest first: at most two."""
        return (self.newest,) if self.newest == 0 else (self.newest - 1, self.newest)

    @property
    def settled(self) -> int:
        """The oldest generation that is not retired: the one that everybody knows already."""
        return self.newest if self.newest - 1 <= self.retired else self.newest - 1

    @property
    def settled_first(self) -> tuple[int, ...]:
        """All that exist, first the one to write with."""
        return tuple(sorted(self.generations, key=lambda generation: generation != self.settled))


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One generation in a template.

    Attributes:
        text: the value.
        letter: `a` or `b`, turn by turn: the suffix of a login name, so that two generations are two logins.
    """

    text: str
    letter: str

    def __format__(self, form: str) -> str:
        return _formed(self.text, form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A value in a template: `{value}` and `{value.letter}` are its newest generation.

    Servers that are told before their clients accept the newest and `settled`; their clients use the newest. Peers, of
    whom none can be told first, use `settled` and accept `other` as well.

    Attributes:
        newest: what the counter names.
        settled: the generation before until it is retired, then the newest.
        other: the newest until the generation before is retired, then that, until the next rotation.
    """

    newest: Generation
    settled: Generation
    other: Generation

    @classmethod
    def of(cls, counter: Counter, texts: Sequence[str]) -> "Rotated":
        """The view of a counter on the texts of its generations, oldest first."""
        found = {
            number: Generation(text=text, letter=letter(number))
            for number, text in zip(counter.generations, texts, strict=True)
        }
        return cls(
            newest=found[counter.newest],
            settled=found[counter.settled],
            other=found[counter.settled_first[-1]],
        )

    @property
    def letter(self) -> str:
        """Of the newest generation."""
        return self.newest.letter

    def __format__(self, form: str) -> str:
        return _formed(self.newest.text, form)


def _formed(text: str, form: str) -> str:
    """The text as a template asks for it: as it is, or with `:url` as a part of a URL.

    Raises:
        ValueError: there is no such form.
    """
    if form not in ("", "url"):
        raise ValueError(f"a template asks for a value in the form {form!r}; there is 'url'")
    return quote(text, safe="") if form else text


def letter(generation: int) -> str:
    """`a` for even generations, `b` for odd ones."""
    return "ab"[generation % 2]


def problems(settings: CredentialSettings, known: frozenset[str], own: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong with `credentials.rotation` and `credentials.retired`, one line each.

    Args:
        settings: where each rotation stands.
        known: names of generated values.
        own: names of the user's own texts, which have a counter and nothing to retire.
    """
    found: list[str] = []
    for key, counters, names in (
        ("rotation", settings.rotation, known | own),
        ("retired", settings.retired, known),
    ):
        found += [
            f"credentials.{key}.{name} = {counter}: there is no such generated value. Known are "
            f"{', '.join(sorted(names))}"
            for name, counter in sorted(counters.items())
            if name not in names
        ]
    for name in sorted(known & (settings.rotation.keys() | settings.retired.keys()) - set(settings.given)):
        found += _out_of_step(name, Counter.of(name, settings))
    return found


def _out_of_step(name: str, counter: Counter) -> list[str]:
    newest, retired = counter.newest, counter.retired
    if newest < 0:
        return [f"credentials.rotation.{name} = {newest}: generations count from 0. Write 0 or more"]
    if retired >= newest:
        problem = (
            f"credentials.retired.{name} = {retired}: it would retire generation {newest}, the one in use. "
            f"Write at most {newest - 1}, or raise credentials.rotation.{name} first"
        )
        return [problem]
    if retired < newest - 2:
        problem = (
            f"credentials.rotation.{name} = {newest}: it would drop generation {newest - 2}, which is not retired. "
            f"Deploy credentials.retired.{name} = {newest - 2} with the counter at {newest - 1} first"
        )
        return [problem]
    return []
