"""The base of every settings model and the types that they share."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from settings.quantities import parse_bytes, parse_millicores


class Settings(BaseModel):
    """Frozen, plain values with camelCase keys; an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        str_strip_whitespace=True,
        use_attribute_docstrings=True,
    )


def _cpu(text: str) -> str:
    parse_millicores(text)
    return text


def _memory(text: str) -> str:
    parse_bytes(text)
    return text


Cpu = Annotated[str, AfterValidator(_cpu), Field(examples=["500m", "2"])]
"""A Kubernetes CPU quantity: millicores (`500m`) or cores (`2`)."""

Memory = Annotated[str, AfterValidator(_memory), Field(examples=["512Mi", "2Gi"])]
"""A Kubernetes memory or storage quantity in bytes, such as `512Mi`."""

Name = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=40)]
"""A lower-case Kubernetes name, short enough to take a suffix."""


class ResourceList(Settings):
    """One side of a container's resources."""

    cpu: Cpu | None = None
    """CPU; no limit when left out (a CPU limit slows start-up without protecting anyone)."""
    memory: Memory
    """Memory in bytes."""


class Resources(Settings):
    """What a container asks for and may use at most, as in a Kubernetes container."""

    requests: ResourceList
    """What the scheduler sets aside."""
    limits: ResourceList
    """What the container may not pass."""


class Storage(Settings):
    """A persistent volume."""

    size: Memory
    """Requested size in bytes."""
    class_name: str | None = None
    """StorageClass; the cluster's default when left out."""
