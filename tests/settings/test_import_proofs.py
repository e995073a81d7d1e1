"""A database to be filled from cannot be given beside another source, or without what opens it."""

from typing import Any

import pytest

from tests.settings.stack_files import changed, problems_of, values_of

SOURCE = {"host": "old.example.com", "networks": ["10.9.0.0/24"]}
GIVEN = ["import_password", "fernet_key"]


def problems(source: dict[str, Any], given: list[str], **more: Any) -> list[tuple[str, str]]:
    values = changed(values_of("dev"), "postgres.importFrom", source)
    values = changed(values, "credentials", {"given": given})
    for path, value in more.items():
        values = changed(values, path.replace("__", "."), value)
    return [(problem.key, problem.reason) for problem in problems_of(values)]


def test_a_source_with_what_opens_it_is_taken() -> None:
    assert problems(SOURCE, GIVEN) == []


def test_both_keys_are_missed_at_once() -> None:
    found = problems(SOURCE, [])
    assert [key for key, _ in found] == ["credentials.given", "credentials.given"]
    assert "'import_password'" in found[0][1]
    assert "'fernet_key'" in found[1][1]


def test_there_is_one_source() -> None:
    restored = {"postgres__restoreFrom": {"generation": 1}, "postgres__backup__generation": 2}
    (key, reason), *others = problems(SOURCE, GIVEN, **restored)
    assert (key, others) == ("postgres.importFrom", [])
    assert "filled from one of them" in reason


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "https://old"), ("port", 0), ("networks", ["ten"]), ("authority", "no certificate"), ("user", "a b")],
)
def test_a_value_that_cannot_be_is_named(name: str, value: Any) -> None:
    (key, _), *others = problems({**SOURCE, name: value}, GIVEN)
    assert (key.startswith(f"postgres.importFrom.{name}"), others) == (True, [])
