"""URNs and former names."""

import pytest

from local.engine.urn import Alias, build, former_urns, package_of, parse, provider_package

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


def test_the_stack_does_not_show_in_the_chain_but_components_do() -> None:
    outer = build("dev", "proj", STACK, "a:b:Outer", "o")
    assert outer == "urn:pulumi:dev::proj::a:b:Outer::o"
    inner = build("dev", "proj", outer, "a:b:Inner", "i")
    assert build("dev", "proj", inner, "k:v1:Pod", "p") == "urn:pulumi:dev::proj::a:b:Outer$a:b:Inner$k:v1:Pod::p"
    assert build("dev", "proj", "", "k:v1:Pod", "p") == "urn:pulumi:dev::proj::k:v1:Pod::p"


def test_names_may_hold_the_separator() -> None:
    parsed = parse("urn:pulumi:dev::proj::k:v1:Pod::a::b")
    assert parsed.name == "a::b"
    assert str(parsed) == "urn:pulumi:dev::proj::k:v1:Pod::a::b"


@pytest.mark.parametrize("text", ["", "urn:pulumi:dev::proj", "urn:other:dev::p::t::n"])
def test_what_is_no_urn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a URN"):
        parse(text)


def test_packages_of_types() -> None:
    assert package_of("kubernetes:apps/v1:Deployment") == "kubernetes"
    assert package_of("pulumi:providers:random") == "random"
    assert provider_package("random:index/randomId:RandomId") is None


def test_former_urns_of_every_kind_of_alias() -> None:
    parent = build("dev", "proj", STACK, "a:b:Group", "new")
    here = build("dev", "proj", parent, "k:v1:Pod", "new-pod")
    aliases = (
        Alias(urn="urn:pulumi:dev::proj::k:v1:Pod::whole"),
        Alias(name="renamed"),
        Alias(type="k:v1beta1:Pod"),
        Alias(parent=""),
        Alias(stack="old", project="other"),
    )
    found = former_urns(here, parent, aliases, None)
    assert found == [
        "urn:pulumi:dev::proj::k:v1:Pod::whole",
        "urn:pulumi:dev::proj::a:b:Group$k:v1:Pod::renamed",
        "urn:pulumi:dev::proj::a:b:Group$k:v1beta1:Pod::new-pod",
        "urn:pulumi:dev::proj::k:v1:Pod::new-pod",
        "urn:pulumi:old::other::a:b:Group$k:v1:Pod::new-pod",
    ]


def test_a_child_follows_its_parents_former_name_and_type() -> None:
    parent = "urn:pulumi:dev::proj::a:b:Group::new"
    here = "urn:pulumi:dev::proj::a:b:Group$k:v1:Pod::new-pod"
    former = "urn:pulumi:dev::proj::a:b:Team::old"
    assert former_urns(here, parent, (), former) == ["urn:pulumi:dev::proj::a:b:Team$k:v1:Pod::old-pod"]
