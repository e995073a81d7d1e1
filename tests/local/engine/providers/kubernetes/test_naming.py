import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engine.providers.kubernetes.kinds import Kind
from local.engine.providers.kubernetes.naming import autoname, name_problem

CONFIG_MAP = Kind("v1", "ConfigMap")
SERVICE = Kind("v1", "Service")
STATEFUL_SET = Kind("apps/v1", "StatefulSet")
ROLE = Kind("rbac.authorization.k8s.io/v1", "Role")

labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)


def test_a_generated_name_keeps_the_logical_one_and_is_never_the_same() -> None:
    first, second = autoname("db"), autoname("db")
    assert re.fullmatch(r"db-[0-9a-f]{8}", first)
    assert first != second


@given(labels)
def test_a_label_is_a_name_for_every_kind_but_a_service(name: str) -> None:
    for kind in (CONFIG_MAP, STATEFUL_SET, ROLE):
        assert name_problem(kind, name) is None
    assert (name_problem(SERVICE, name) is None) is name[0].isalpha()


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        (CONFIG_MAP, "My_Map", "RFC 1123 subdomain"),
        (CONFIG_MAP, "-a", "RFC 1123 subdomain"),
        (CONFIG_MAP, "a..b", "RFC 1123 subdomain"),
        (CONFIG_MAP, "", "RFC 1123 subdomain"),
        (CONFIG_MAP, "a\n", "RFC 1123 subdomain"),
        (CONFIG_MAP, "a" * 254, "253"),
        (SERVICE, "1db", "RFC 1035 label"),
        (SERVICE, "a.b", "RFC 1035 label"),
        (SERVICE, "a" * 64, "63"),
        (STATEFUL_SET, "a" * 53, "52"),
        (STATEFUL_SET, "a.b", "RFC 1123 label"),
        (ROLE, "a/b", "without '/'"),
        (ROLE, "..", "without '/'"),
    ],
)
def test_a_wrong_name_is_told_with_the_rule(kind: Kind, name: str, says: str) -> None:
    problem = name_problem(kind, name)
    assert problem is not None
    assert says in problem


@pytest.mark.parametrize("name", ["system:node", "Admin", "a_b"])
def test_roles_may_have_names_that_others_may_not(name: str) -> None:
    assert name_problem(ROLE, name) is None
    assert name_problem(CONFIG_MAP, name) is not None
