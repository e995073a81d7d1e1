"""What the engine asks of a provider, and the plain values that pass between them.

Property values are JSON-like Python values. A value not known yet in a preview is `UNKNOWN`. Secrets arrive
unwrapped: the engine remembers which properties are secret and wraps the outputs again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol

Properties = dict[str, Any]


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that only exists once something else was created; met in previews only."""


class ProviderError(Exception):
    """A step that failed. The message is shown to the user as it is: what, why, the way out.

    Attributes:
        partial: id and outputs of a resource that exists although the step failed (for example an object that
            was created but never became ready); the engine must keep it in the state, with the message in
            `initErrors`, and call `update` for it in the next run even when `diff` finds nothing: only that
            waits again (and starts a failed Job anew).
    """

    def __init__(self, message: str, partial: "Created | None" = None) -> None:
        super().__init__(message)
        self.partial = partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A resource as it is now: its id and its outputs."""

    id: str
    outputs: Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What would change between the recorded and the wanted inputs.

    Attributes:
        changed: property paths that differ, such as `spec.replicas`, each with (old, new).
        replace: those paths that cannot be changed in place.
        delete_before_replace: the old object must be gone before the new one can exist (same name).
    """

    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    replace: frozenset[str] = frozenset()
    delete_before_replace: bool = False

    @property
    def is_same(self) -> bool:
        """True when nothing has to be done."""
        return not self.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What a step may know of its surroundings.

    Attributes:
        urn: of the resource.
        type: its type token, such as `kubernetes:apps/v1:Deployment`.
        name: its logical name.
        preview: True when nothing may be touched.
        timeout: seconds to wait for readiness; None for the provider's default.
        provider_config: inputs of the provider resource (kubeconfig, context, ...), plain.
        report: shows one line of progress under the step, such as `1 of 3 pods ready`.
        cancelled: True once the user asked to stop; a wait then ends with a ProviderError that has `partial`.
        over: True once no new step may begin, since another one failed or the user asked to stop.
    """

    urn: str
    type: str
    name: str
    preview: bool
    timeout: float | None
    provider_config: Properties
    report: Callable[[str], None]
    cancelled: Callable[[], bool] = lambda: False
    over: Callable[[], bool] = lambda: False


class Provider(Protocol):
    """One resource package. Implementations are thread-safe: the engine runs independent steps side by side."""

    def check(self, context: StepContext, olds: Properties | None, news: Properties) -> Properties:
        """Normalise and complete inputs (defaults, generated names). Raises ProviderError on bad input.

        `olds` are the recorded inputs, from which a generated name is kept; None for a new resource and for the
        new half of a replacement, so that it gets a fresh generated name. Touches no network.
        """
        ...

    def diff(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Diff:
        """Compare recorded inputs with wanted, checked inputs."""
        ...

    def create(self, context: StepContext, news: Properties) -> Created:
        """Create and wait until ready; in a preview, the outputs as far as they can be known, id empty."""
        ...

    def update(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Created:
        """Change in place and wait until ready."""
        ...

    def read(self, context: StepContext, id: str, inputs: Properties) -> Created | None:  # noqa: A002
        """The resource as it really is now, or None when it is gone.

        An empty `id` means that a killed run may have created it: look it up by what `inputs` say.
        Where outputs hold `__inputs`, these are the inputs as the live resource has them: a refresh records them
        as inputs, so that the next `diff` shows what somebody else changed. After adopting what a killed run
        left, call `update`: it is not known to be complete or ready.
        """
        ...

    def delete(self, context: StepContext, old: Created, old_inputs: Properties) -> None:
        """Delete and wait until gone; a resource already gone is no error."""
        ...

    def invoke(self, token: str, arguments: Properties, provider_config: Properties) -> Properties:
        """A function of the package. Raises ProviderError for an unknown token."""
        ...
