"""Label selectors."""

from .node import Node


def selects(selector: Node, labels: Node) -> bool:
    """Whether a selector picks an object with these labels. An empty selector picks everything."""
    exact = all(labels.at(key).text == wanted.text for key, wanted in selector.at("matchLabels").entries)
    return exact and all(_holds(expression, labels) for expression in selector.at("matchExpressions").items)


def _holds(expression: Node, labels: Node) -> bool:
    label = labels.at(expression.at("key").text)
    values = {item.text for item in expression.at("values").items}
    operator = expression.at("operator").text
    if operator == "Exists":
        return not label.absent
    if operator == "DoesNotExist":
        return label.absent
    among = not label.absent and label.text in values
    return among if operator == "In" else not among
