"""No secret stands where everyone may read it."""

from collections.abc import Iterable, Iterator

from ..kubernetes import makes_pods
from ..model import Finding, Resource, ResourceRule, Severity, unknown_finding
from ..node import Node, each
from ..options import Options
from .places import Place, commands, places
from .shapes import assignments, flags, is_literal, is_secret_name, shapes, url_passwords, user_lines

_ADVICE = "keep it in a Secret and mount it as a file; hand over the file's path"


def applies(resource: Resource) -> bool:
    """Every Kubernetes object but Secrets, which are meant for it."""
    return resource.kind not in {"", "Secret"}


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Texts that are secrets by their name, their shape or the program's own word. Values are never repeated."""
    found: list[Finding] = []
    found += each(places(resource), _place, unknown_finding)
    found += each([resource], _commands, unknown_finding)
    found += _anywhere(resource.props)
    yield from _once(found)


def _place(place: Place) -> Iterator[Finding]:
    node, text = place.node, place.node.text
    if place.name and is_secret_name(place.name) and is_literal(text):
        yield _finding(place, f"holds a secret by its name, {place.name}")
    for key, _ in assignments(text):
        yield _finding(place, f"holds a value for {key!r}")
    for user, _ in user_lines(text):
        yield _finding(place, f"holds the password of user {user!r}")
    if node.secret:
        yield _finding(place, "holds a value that the program marked as secret")


def _commands(resource: Resource) -> Iterator[Finding]:
    if makes_pods(resource):
        for place in commands(resource):
            for key, _ in flags(place.node.text):
                yield _finding(place, f"passes a secret with -{key}")


def _anywhere(props: Node) -> Iterator[Finding]:
    """Secrets by their looks, wherever they stand."""
    for leaf in props.leaves():
        if not isinstance(leaf.raw, str):
            continue
        place = Place("", leaf)
        if leaf.secret:
            yield _finding(place, "holds a value that the program marked as secret")
        if any(True for _ in url_passwords(leaf.raw)):
            yield _finding(place, "holds a URL with a password")
        for shape in shapes(leaf.raw):
            yield _finding(place, f"holds {shape}")


def _finding(place: Place, what: str) -> Finding:
    return Finding(what=what, path=place.node.path, part=place.part, mend=_ADVICE)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One finding per place: the first says most of where it stands."""
    seen: set[str] = set()
    for finding in findings:
        if finding.path not in seen:
            seen.add(finding.path)
            yield finding


RULE = ResourceRule(
    name="plain-secrets",
    title="No secret stands in plain sight",
    why="whoever may list pods or ConfigMaps, and every log of the API server, would read it",
    mend=_ADVICE,
    severity=Severity.CRITICAL,
    references=("CIS Kubernetes 5.4.1", "NSA/CISA Kubernetes Hardening Guide: secrets"),
    applies=applies,
    check=check,
)
