"""Evaluates a KEDA formula (expr-lang) in Python, as far as our formulas use the language."""

import math
import re
from typing import Any

_TOKEN = re.compile(r"\s*(\d+\.\d+|[a-z_]\w*|\?\?|&&|\|\||[-+*/<>?:(),])")


def evaluate(formula: str, signals: dict[str, float | None]) -> float:
    """Value of a formula; a signal that cannot be read is None."""
    code = _Parser(formula).whole()
    return eval(code, {"ceil": math.ceil, "floor": math.floor, "max": max, "__builtins__": {}}, dict(signals))  # noqa: S307


def signals_of(formula: str) -> set[str]:
    """Names that it uses."""
    return set(re.findall(r"[a-z_]\w*", formula)) - {"ceil", "floor", "max"}


class _Parser:
    """By precedence: ternary, or, and, comparison, sum, product, `??`, atom."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        assert "".join(self._tokens) == re.sub(r"\s+", "", text), f"unknown characters in {text}"

    def whole(self) -> str:
        code = self._ternary()
        assert not self._tokens, f"left over: {self._tokens}"
        return code

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self, wanted: str) -> None:
        assert self._next() == wanted, f"expected {wanted}, found {self._tokens}"
        self._tokens.pop(0)

    def _ternary(self) -> str:
        condition = self._binary(0)
        if self._next() != "?":
            return condition
        self._take("?")
        yes = self._ternary()
        self._take(":")
        return f"({yes} if {condition} else {self._ternary()})"

    _LEVELS: tuple[dict[str, str], ...] = (
        {"||": "or"},
        {"&&": "and"},
        {"<": "<", ">": ">"},
        {"+": "+", "-": "-"},
        {"*": "*", "/": "/"},
    )

    def _binary(self, level: int) -> str:
        if level == len(self._LEVELS):
            return self._coalesced()
        code = self._binary(level + 1)
        while (operator := self._LEVELS[level].get(self._next())) is not None:
            self._tokens.pop(0)
            code = f"({code} {operator} {self._binary(level + 1)})"
        return code

    def _coalesced(self) -> str:
        code = self._atom()
        while self._next() == "??":
            self._take("??")
            code = f"({code} if {code} is not None else {self._atom()})"
        return code

    def _atom(self) -> str:
        token = self._tokens.pop(0)
        if token == "(":
            code = self._ternary()
            self._take(")")
            return f"({code})"
        if self._next() != "(":
            return token
        self._take("(")
        given = [self._ternary()]
        while self._next() == ",":
            self._take(",")
            given.append(self._ternary())
        self._take(")")
        return f"{token}({', '.join(given)})"


def plain(value: Any) -> float:
    """As KEDA hands a value to the formula."""
    return float(value)
