"""Values on the wire and back."""

from typing import Any

from google.protobuf import struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from local.engine.providers.base import UNKNOWN
from local.engine.values import (
    OUTPUT_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN_SENTINEL,
    ResourceReference,
    Secret,
    annotate_secrets,
    contains_secret,
    from_struct,
    hide_properties,
    mark_outputs,
    mask,
    to_struct,
    unwrap,
)

names = st.text(min_size=1, max_size=8).filter(lambda text: text != SIGNATURE_KEY)
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
    st.text(max_size=20),
    st.just(UNKNOWN),
    st.builds(ResourceReference, urn=st.text(min_size=1), id=st.one_of(st.none(), st.text(min_size=1))),
)
plain = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3))
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(names, inner, max_size=3),
        plain.map(Secret),
    ),
)
properties = st.dictionaries(names, values, max_size=4)


@settings(max_examples=60, deadline=None)
@given(properties)
def test_the_wire_loses_nothing(value: dict[str, Any]) -> None:
    assert from_struct(to_struct(value)) == value


@settings(max_examples=40, deadline=None)
@given(properties)
def test_secrets_are_found_again_at_their_places(value: dict[str, Any]) -> None:
    bare = unwrap(value)
    assert not contains_secret(bare)
    marked = annotate_secrets(bare, value)
    assert unwrap(marked) == bare
    assert contains_secret(marked) == contains_secret(value)


def test_whole_numbers_become_integers_and_nulls_vanish() -> None:
    struct = struct_pb2.Struct()
    struct.update({"replicas": 3, "ratio": 0.5, "gone": None, "list": [None, 1]})
    assert from_struct(struct) == {"replicas": 3, "ratio": 0.5, "list": [None, 1]}
    assert isinstance(from_struct(struct)["replicas"], int)


def test_output_values_lose_their_wrapping() -> None:
    known = {SIGNATURE_KEY: OUTPUT_SIGNATURE, "value": "x", "secret": True, "dependencies": ["urn"]}
    later = {SIGNATURE_KEY: OUTPUT_SIGNATURE}
    struct = struct_pb2.Struct()
    struct.update({"known": known, "later": later})
    assert from_struct(struct) == {"known": Secret("x"), "later": UNKNOWN}


def test_unknowns_travel_as_the_sentinel() -> None:
    assert to_struct({"a": UNKNOWN}).fields["a"].string_value == UNKNOWN_SENTINEL


def test_masks_hide_secrets_and_name_unknowns() -> None:
    shown = mask({"a": Secret("x"), "b": [UNKNOWN], "c": ResourceReference(urn="u", id="i")})
    assert shown == {"a": "[secret]", "b": ["[unknown]"], "c": "i"}


def test_a_list_of_another_length_is_hidden_as_a_whole() -> None:
    assert annotate_secrets(["a", "b"], [Secret("a")]) == Secret(["a", "b"])
    assert annotate_secrets(["a", "b"], ["a"]) == ["a", "b"]


def test_the_copy_of_the_inputs_is_as_secret_as_they_are() -> None:
    marked = mark_outputs(
        {"data": {"k": "v"}, "__inputs": {"data": {"k": "v"}, "kind": "Secret"}},
        inputs={"kind": "Secret"},
        before={},
        hidden=frozenset({"data"}),
    )
    assert marked == {"data": Secret({"k": "v"}), "__inputs": {"data": Secret({"k": "v"}), "kind": "Secret"}}
    assert hide_properties({"a": None}, frozenset({"a"})) == {"a": None}
