"""The places where a program writes texts that anyone may read who may read the object."""

from dataclasses import dataclass

from ..kubernetes import makes_pods, pod_template
from ..model import Resource
from ..node import Node


@dataclass(frozen=True, slots=True)
class Place:
    """One text and what it is called.

    Attributes:
        name: of the variable or key, `""` for a word of a command.
        node: the text.
        part: the container it belongs to, if any.
    """

    name: str
    node: Node
    part: str = ""


def places(resource: Resource) -> list[Place]:
    """Literal environment variables, commands and arguments of pods; the data of ConfigMaps."""
    if resource.kind == "ConfigMap":
        return [Place(key, node) for key, node in resource.props.at("data").entries]
    if not makes_pods(resource):
        return []
    found: list[Place] = []
    for container in pod_template(resource).containers:
        found += [
            Place(variable.at("name").text, variable.at("value"), container.title)
            for variable in container.node.at("env").items
            if not variable.at("value").absent
        ]
        found += [Place("", word, container.title) for word in container.words]
    return found


def commands(resource: Resource) -> list[Place]:
    """The commands of a pod's probes, hooks and containers, one text each."""
    if not makes_pods(resource):
        return []
    found: list[Place] = []
    for container in pod_template(resource).containers:
        text = " ".join(word.text for word in container.words)
        found.append(Place("", Node(text, container.node.at("args").path), container.title))
    return found
