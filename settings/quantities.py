"""Kubernetes quantities as integers, so that numbers can be compared and added."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"^(\d+(?:\.\d+)?)([a-zA-Z]*)$")
_BYTES = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip


def parse_millicores(text: str) -> int:
    """CPU in millicores: `500m` is 500, `2` is 2000.

    Raises:
        ValueError: the text is no CPU quantity.
    """
    match = _QUANTITY.match(text)
    if not match or match[2] not in {"", "m"}:
        raise ValueError(f"{text!r} is no CPU quantity; write millicores such as '500m' or cores such as '2'")
    value = Decimal(match[1]) * (1 if match[2] == "m" else 1000)
    if value != value.to_integral_value():
        raise ValueError(f"{text!r} is finer than one millicore, which Kubernetes rounds; write whole millicores")
    return int(value)


def parse_bytes(text: str) -> int:
    """Memory or storage in bytes: `1Ki` is 1024, `1k` is 1000.

    Raises:
        ValueError: the text is no memory quantity.
    """
    match = _QUANTITY.match(text)
    if not match or match[2] not in _BYTES:
        raise ValueError(f"{text!r} is no memory quantity; write a number with Ki, Mi, Gi or Ti, such as '512Mi'")
    return int(Decimal(match[1]) * _BYTES[match[2]])
