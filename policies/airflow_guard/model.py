"""What a rule is, what it looks at and what it finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial

from .node import Node, each
from .options import Option, Options

ENVIRONMENT_LABEL = "airflow-platform/environment"
PAGES = "docs/policies"
"""Where the pages of the rules stand, in the repository of the pack."""


class Severity(Enum):
    """How bad a violation is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Resource:
    """A resource as the program asked for it, or as it came out.

    Attributes:
        type: token, such as `kubernetes:apps/v1:Deployment`.
        name: logical name in the program.
        urn: unique name in the stack.
        props: its properties.
        protect: the engine refuses to delete it.
        stack: the stack's name.
    """

    type: str
    name: str
    urn: str
    props: Node
    protect: bool = False
    stack: str = ""

    @cached_property
    def kind(self) -> str:
        """Kind of a Kubernetes object, `""` for any other resource."""
        package, _, rest = self.type.partition(":")
        return rest.rpartition(":")[2] if package == "kubernetes" else ""

    @cached_property
    def namespace(self) -> str:
        """Namespace of a Kubernetes object, `default` where none is given."""
        return self.props.at("metadata", "namespace").text or "default"

    def label(self, key: str) -> str:
        """A label of a Kubernetes object, `""` where it is missing."""
        return self.props.at("metadata", "labels", key).text

    @property
    def environment(self) -> str:
        """Which environment it belongs to: its label, else the stack's name."""
        return self.label(ENVIRONMENT_LABEL) or self.stack

    @property
    def title(self) -> str:
        """How messages call it, such as `Deployment airflow/scheduler`."""
        if not self.kind:
            return f"{self.type} {self.name}"
        metadata = self.props.raw.get("metadata") if isinstance(self.props.raw, dict) else None
        parts = [metadata.get(key) for key in ("namespace", "name")] if isinstance(metadata, dict) else []
        known = [part for part in parts if isinstance(part, str)]
        return f"{self.kind} {'/'.join(known) or self.name}"


@dataclass(frozen=True)
class Stack:
    """All resources of a stack, after the last step.

    Attributes:
        name: of the stack.
        resources: every one of them.
    """

    name: str
    resources: tuple[Resource, ...]

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Kubernetes objects of these kinds."""
        return [resource for resource in self.resources if resource.kind in kinds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where a rule does not hold.

    Attributes:
        what: what is wrong, as the second half of a sentence that starts with the place.
        path: of the property.
        part: the part of the object, such as `container scheduler`.
        mend: how to mend just this; the rule's own advice where empty.
        resource: which resource, for a stack rule; none means the stack.
        unknown: the rule could not be decided because the value is not known in a preview.
    """

    what: str
    path: str = ""
    part: str = ""
    mend: str = ""
    resource: Resource | None = None
    unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule states of itself.

    Attributes:
        name: in kebab case; key in the pack's configuration.
        title: what must hold, in one sentence.
        why: what goes wrong otherwise.
        mend: how to satisfy it.
        severity: of a violation.
        references: where else it is asked for, such as `CIS Kubernetes 5.2.7`.
        options: what the pack's configuration may set.
    """

    name: str
    title: str
    why: str
    mend: str
    severity: Severity
    references: tuple[str, ...]
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule on one resource, asked before its step.

    Attributes:
        applies: whether the rule has something to say about a resource, by its type alone.
        check: the findings.
    """

    applies: Callable[[Resource], bool]
    check: Callable[[Resource, Options], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule on the stack as a whole, asked at the end.

    Attributes:
        check: the findings.
    """

    check: Callable[[Stack, Options], Iterable[Finding]]


@dataclass(frozen=True)
class Violation:
    """A finding with the rule it belongs to and the resource it was found in.

    Attributes:
        rule: the rule that does not hold.
        finding: where and what.
        resource: none for the stack as a whole.
    """

    rule: Rule
    finding: Finding
    resource: Resource | None = field(default=None)

    @property
    def message(self) -> str:
        """What, where, why and how to mend it."""
        finding = self.finding
        place = ", ".join(filter(None, [self.resource.title if self.resource else "The stack", finding.part]))
        path = f" ({finding.path})" if finding.path else ""
        mend = finding.mend or self.rule.mend
        return f"{place}: {finding.what}{path}.\nWhy: {self.rule.why}\nMend: {mend}\nSee: {PAGES}/{self.rule.name}.md"


def unknown_finding(path: str, resource: Resource | None = None) -> Finding:
    """The rule met a value that a preview cannot know: it is reported, never passed over."""
    return Finding(
        what="the value is not known in a preview, so the rule cannot be decided",
        path=path,
        mend="give the field a plain value instead of one computed by another resource, or exempt it with a reason "
        "and audit the deployed stack",
        resource=resource,
        unknown=True,
    )


def each_resource(resources: Iterable[Resource], check: Callable[[Resource], Iterable[Finding]]) -> Iterator[Finding]:
    """What `check` finds in each resource; an unknown value in one does not hide the others."""
    for resource in resources:
        yield from each([resource], check, partial(unknown_finding, resource=resource))


def of_kinds(*kinds: str) -> Callable[[Resource], bool]:
    """Whether a resource is a Kubernetes object of one of these kinds."""
    wanted = frozenset(kinds)
    return lambda resource: resource.kind in wanted
