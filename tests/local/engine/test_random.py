"""The `random` package."""

import base64
from typing import Any

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.engine.fakes import Replay
from local.engine.providers import random
from local.engine.providers.base import UNKNOWN, Created, ProviderError, StepContext
from local.engine.providers.random import DIGITS, LOWER, SPECIAL, UPPER, RandomProvider, StrongChance, draw

PASSWORD = "random:index/randomPassword:RandomPassword"
STRING = "random:index/randomString:RandomString"
BYTES = "random:index/randomBytes:RandomBytes"
ID = "random:index/randomId:RandomId"
INTEGER = "random:index/randomInteger:RandomInteger"
UUID = "random:index/randomUuid:RandomUuid"


def context(kind: str, *, preview: bool = False) -> StepContext:
    return StepContext(
        urn="u",
        type=kind,
        name="n",
        preview=preview,
        timeout=None,
        provider_config={},
        report=lambda _line: None,
    )


def test_a_password_has_the_outputs_of_the_real_provider() -> None:
    made = draw(PASSWORD, {"length": 20, "special": False}, StrongChance())
    assert made.id == "none"
    result, hashed = made.outputs.pop("result"), made.outputs.pop("bcryptHash")
    assert made.outputs == {
        "length": 20,
        "lower": True,
        "upper": True,
        "numeric": True,
        "number": True,
        "special": False,
        "minLower": 0,
        "minUpper": 0,
        "minNumeric": 0,
        "minSpecial": 0,
        "__meta": '{"schema_version":"3"}',
    }
    assert bcrypt.checkpw(result.encode(), hashed.encode())
    assert hashed.startswith("$2b$10$")


classes = {"lower": LOWER, "upper": UPPER, "numeric": DIGITS, "special": SPECIAL}


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({name: st.booleans() for name in classes}),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_texts_keep_to_their_classes_and_least_counts(wanted: dict[str, bool], least: list[int]) -> None:
    counts = dict(zip(classes, least, strict=True))
    inputs: dict[str, Any] = {"length": 16, **wanted, **{f"min{k.capitalize()}": v for k, v in counts.items()}}
    if not any(wanted.values()):
        with pytest.raises(ProviderError):
            draw(STRING, inputs, StrongChance())
        return
    made = draw(STRING, inputs, StrongChance())
    result = made.outputs["result"]
    assert made.id == result
    assert len(result) == 16
    for name, alphabet in classes.items():
        count = sum(result.count(character) for character in alphabet)
        assert count >= counts[name]
        if not wanted[name]:
            assert count == counts[name]


def test_own_special_characters_and_the_former_name_of_numeric() -> None:
    inputs = {"length": 40, "lower": False, "upper": False, "number": False, "overrideSpecial": "_"}
    assert draw(STRING, inputs, StrongChance()).outputs["result"] == "_" * 40


def test_bytes_and_ids_agree_in_all_their_forms() -> None:
    made = draw(BYTES, {"length": 32}, StrongChance())
    assert base64.b64decode(made.outputs["base64"]) == bytes.fromhex(made.outputs["hex"])
    assert len(bytes.fromhex(made.outputs["hex"])) == 32
    made = draw(ID, {"byteLength": 8, "prefix": "p-"}, StrongChance())
    raw = bytes.fromhex(made.outputs["hex"].removeprefix("p-"))
    assert len(raw) == 8
    assert made.outputs["dec"] == f"p-{int.from_bytes(raw)}"
    assert made.outputs["b64Url"] == "p-" + made.id
    assert base64.urlsafe_b64decode(made.id + "=") == raw


def test_numbers_and_uuids() -> None:
    drawn = {draw(INTEGER, {"min": 1, "max": 3}, StrongChance()).outputs["result"] for _ in range(200)}
    assert drawn == {1, 2, 3}
    made = draw(UUID, {}, StrongChance())
    assert made.id == made.outputs["result"]
    assert made.id[14] == "4"


@pytest.mark.parametrize(
    ("kind", "inputs", "said"),
    [
        (PASSWORD, {"length": 3, "minLower": 4}, "length is 3"),
        (BYTES, {"length": 0}, "at least 1"),
        (INTEGER, {"min": 3, "max": 1}, "below min"),
        (INTEGER, {"min": 1, "max": 3, "seed": "s"}, "seed"),
        ("random:index/randomPet:RandomPet", {}, "RandomPassword"),
    ],
)
def test_what_cannot_be_drawn_is_refused(kind: str, inputs: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderError, match=said):
        draw(kind, inputs, StrongChance())


def test_missing_inputs_are_named() -> None:
    with pytest.raises(ProviderError, match="n: length is missing"):
        RandomProvider().check(context(PASSWORD), None, {})


def test_every_change_makes_a_new_value_and_a_written_out_default_does_not() -> None:
    provider = RandomProvider()
    old = Created(id="none", outputs={})
    before = {"length": 16, "keepers": {"rotation": "1"}}
    assert provider.diff(context(PASSWORD), old, before, {**before, "special": True}).is_same
    diff = provider.diff(context(PASSWORD), old, before, {**before, "keepers": {"rotation": "2"}})
    assert diff.replace == {"keepers"}
    assert not diff.delete_before_replace
    assert provider.diff(context(PASSWORD), old, before, {**before, "keepers": UNKNOWN}).replace


def test_a_preview_draws_nothing() -> None:
    made = RandomProvider().create(context(BYTES, preview=True), {"length": 4})
    assert made == Created(id="", outputs={"length": 4, "base64": UNKNOWN, "hex": UNKNOWN})


def test_two_draws_differ_and_two_replays_do_not() -> None:
    assert draw(BYTES, {"length": 16}, StrongChance()) != draw(BYTES, {"length": 16}, StrongChance())
    assert draw(PASSWORD, {"length": 16}, Replay("u")) == draw(PASSWORD, {"length": 16}, Replay("u"))
    assert draw(PASSWORD, {"length": 16}, Replay("u")) != draw(PASSWORD, {"length": 16}, Replay("v"))


def test_unknown_outputs_are_those_that_are_drawn() -> None:
    assert random.unknown(STRING, {"length": 4})["result"] is UNKNOWN
    assert random.unknown(STRING, {"length": 4})["lower"] is True
