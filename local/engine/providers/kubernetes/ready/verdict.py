"""What a rule says about an object, and what it may look at beside the object. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from local.engine.providers.kubernetes.objects import Obj


class State(Enum):
    """How far an object is."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer.

    Attributes:
        state: how far the object is.
        line: one line for the user: `1 of 3 pods ready`.
        progress: grows whenever something moved forward.
    """

    state: State
    line: str = ""
    progress: tuple[int, ...] = ()


READY: Final = Verdict(State.READY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around an object.

    Attributes:
        now: the time of the look.
        pods: of the object's current revision (of all revisions for kinds without one).
        stale_pods: of older revisions.
        endpoints: EndpointSlices of a Service.
        storage_classes: all of them, for a PersistentVolumeClaim.
        refusals: why pods could not be created, as the events tell it.
    """

    now: datetime
    pods: tuple[Obj, ...] = ()
    stale_pods: tuple[Obj, ...] = ()
    endpoints: tuple[Obj, ...] = ()
    storage_classes: tuple[Obj, ...] = ()
    refusals: tuple[str, ...] = ()
