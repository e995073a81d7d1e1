"""Quantities mean what Kubernetes means by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.quantities import parse_bytes, parse_millicores


@pytest.mark.parametrize(("text", "millicores"), [("1", 1000), ("500m", 500), ("0.5", 500), ("2.25", 2250), ("0", 0)])
def test_cpu(text: str, millicores: int) -> None:
    assert parse_millicores(text) == millicores


@pytest.mark.parametrize("text", ["", "1Gi", "m", "-1", "1.0005", "one", "0.5m", "1 m"])
def test_what_is_no_cpu_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"CPU quantity|finer"):
        parse_millicores(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("1k", 1000), ("1Ki", 1024), ("1.5Gi", 3 * 2**29), ("2M", 2_000_000), ("1Ti", 2**40)]
)
def test_memory(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "3Q", "Gi", "-1Mi", "1 Gi", "500m"])
def test_what_is_no_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="memory quantity"):
        parse_bytes(text)


@given(st.integers(min_value=0, max_value=10**7))
def test_millicores_survive_the_round_trip(value: int) -> None:
    assert parse_millicores(f"{value}m") == value
    assert parse_millicores(str(value)) == value * 1000


@given(st.integers(min_value=0, max_value=10**6), st.sampled_from(["Ki", "Mi", "Gi"]))
def test_binary_suffixes_are_powers_of_1024(value: int, suffix: str) -> None:
    assert parse_bytes(f"{value}{suffix}") == value * 1024 ** ("Ki", "Mi", "Gi").index(suffix) * 1024
