"""URNs: the names under which the state knows resources."""

from dataclasses import dataclass
from typing import Final

STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"
_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Urn:
    """A URN taken apart.

    Attributes:
        types: the type chain from the outermost component to the resource itself, without the stack.
    """

    stack: str
    project: str
    types: tuple[str, ...]
    name: str

    @property
    def type(self) -> str:
        """The resource's own type token."""
        return self.types[-1]

    def __str__(self) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{'$'.join(self.types)}::{self.name}"


def parse(text: str) -> Urn:
    """Take a URN apart. Raises ValueError when it is none."""
    # The name may hold "::" itself; the first three parts cannot.
    parts = text.split("::", _PARTS - 1)
    if len(parts) != _PARTS or not parts[0].startswith("urn:pulumi:"):
        msg = f"not a URN: {text!r}"
        raise ValueError(msg)
    return Urn(parts[0].removeprefix("urn:pulumi:"), parts[1], tuple(parts[2].split("$")), parts[3])


def build(stack: str, project: str, parent: str, type_token: str, name: str) -> str:
    """The URN of a resource below `parent` (a URN, or "" for none); the stack does not show in the type chain."""
    chain: tuple[str, ...] = ()
    if parent:
        parent_types = parse(parent).types
        chain = () if parent_types == (STACK_TYPE,) else parent_types
    return str(Urn(stack, project, (*chain, type_token), name))


def package_of(type_token: str) -> str:
    """The package that serves a type: `kubernetes` for `kubernetes:apps/v1:Deployment`."""
    return provider_package(type_token) or type_token.split(":", 1)[0]


def provider_package(type_token: str) -> str | None:
    """The package whose provider a type token names: `random` for `pulumi:providers:random`, else None."""
    return type_token.removeprefix(PROVIDER_PREFIX) if type_token.startswith(PROVIDER_PREFIX) else None


def provider_reference(urn: str, identity: str) -> str:
    """How the state names the provider of a resource."""
    return f"{urn}::{identity}"


def split_provider_reference(reference: str) -> tuple[str, str]:
    """URN and id of the provider a reference names."""
    urn, _, identity = reference.rpartition("::")
    return urn, identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name a resource had before: a whole URN, or what differs from the present one.

    Attributes:
        parent: URN of the former parent; None for the present one; "" for none.
    """

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str | None = None


def former_urns(current: str, parent: str, aliases: tuple[Alias, ...], former_parent: str | None) -> list[str]:
    """Every URN a resource may stand under in the state, nearest first, without its present one.

    Args:
        current: its present URN.
        parent: URN of its present parent, or "".
        aliases: what the program says of its past.
        former_parent: URN under which its parent stood in the state, when that differs.
    """
    here = parse(current)
    candidates = [_alias_urn(here, parent, alias) for alias in aliases]
    if former_parent is not None and parent:
        moved = _inherited_name(here.name, parse(parent).name, parse(former_parent).name)
        candidates.append(build(here.stack, here.project, former_parent, here.type, moved))
        candidates.extend(
            _alias_urn(here, former_parent, alias) for alias in aliases if not alias.urn and alias.parent is None
        )
    unique = dict.fromkeys(candidates)
    unique.pop(current, None)
    return list(unique)


def _alias_urn(here: Urn, parent: str, alias: Alias) -> str:
    if alias.urn:
        return alias.urn
    return build(
        alias.stack or here.stack,
        alias.project or here.project,
        parent if alias.parent is None else alias.parent,
        alias.type or here.type,
        alias.name or here.name,
    )


def _inherited_name(name: str, parent_name: str, former_parent_name: str) -> str:
    """Children are named after their parent by convention, so their names follow its renaming."""
    return former_parent_name + name[len(parent_name) :] if name.startswith(parent_name) else name
