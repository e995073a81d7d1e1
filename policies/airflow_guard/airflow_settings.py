"""Airflow's own settings, from environment variables and from `airflow.cfg` in ConfigMaps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .model import Resource
from .node import Node
from .secrets.places import places

_VARIABLE = re.compile(r"^AIRFLOW__([A-Z0-9_]+?)__([A-Z0-9_]+)$")
_SECTION = re.compile(r"^\s*\[([^\]]+)\]\s*$")
_KEY = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")
_TRUE = frozenset({"true", "t", "1", "yes", "on"})
_FALSE = frozenset({"false", "f", "0", "no", "off"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        section: in lower case, such as `core`.
        key: in lower case, such as `fernet_key`.
        value: as it stands.
        node: where it stands.
        part: the container, if any.
    """

    section: str
    key: str
    value: str
    node: Node
    part: str = ""

    @property
    def name(self) -> str:
        """Section and key."""
        return f"{self.section}.{self.key}"

    @property
    def on(self) -> bool:
        """A switch that is on."""
        return self.value.lower() in _TRUE

    @property
    def off(self) -> bool:
        """A switch that is off."""
        return self.value.lower() in _FALSE


def airflow_settings(resource: Resource) -> Iterator[Setting]:
    """Every setting that an object makes.

    Raises:
        NotKnownError: one that could be a setting is not known yet.
    """
    for place in places(resource):
        match = _VARIABLE.match(place.name)
        if match:
            yield Setting(match[1].lower(), match[2].lower(), place.node.text.strip(), place.node, place.part)
        elif place.name.endswith(".cfg"):
            yield from _in_file(place.node)


def _in_file(node: Node) -> Iterator[Setting]:
    section = ""
    for line in node.text.splitlines():
        header, pair = _SECTION.match(line), _KEY.match(line)
        if header:
            section = header[1].lower()
        elif pair:
            yield Setting(section, pair[1].lower(), pair[2], node)
