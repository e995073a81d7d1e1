"""Who may read which value: a consequence of the declarations, stated so that a test can check it."""

from collections.abc import Mapping, Sequence

from components.contract.secrets import SecretConsumer, SecretValue


def matrix(consumers: Sequence[SecretConsumer]) -> Mapping[str, frozenset[SecretValue]]:
    """Consumer name to the values in its files.

    Raises:
        ValueError: two consumers share a name, or a template names a value that does not exist.
    """
    names = [consumer.name for consumer in consumers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"secret consumers declared more than once: {', '.join(twice)}")
    return {consumer.name: consumer.values() for consumer in consumers}
