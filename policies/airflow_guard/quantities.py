"""Kubernetes quantities as numbers."""

import re

_QUANTITY = re.compile(r"^([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$")
_FACTORS = {
    "": 1.0,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}


def parse_quantity(text: str) -> float | None:
    """The number a quantity stands for, in cores or bytes, or `None` for a text that is none."""
    match = _QUANTITY.match(text.strip())
    if not match:
        return None
    number, suffix = match.group(1), match.group(2) or ""
    factor = _FACTORS.get(suffix)
    return float(number) * factor if factor is not None else float(number + suffix)
