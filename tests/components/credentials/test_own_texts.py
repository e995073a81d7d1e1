"""Texts of the user's own: who may refer to which, and what becomes of another text."""

from dataclasses import replace

from components.contract.secrets import GivenText, SecretConsumer
from components.credentials.generations import problems
from components.credentials.sources import rotatable, version, wrong_references
from settings.stack import CredentialSettings

READER = SecretConsumer(
    name="reader",
    namespace="airflow",
    given={
        "given_db": GivenText(name="db", keys=("connections.a.passwordFrom", "connections.b.passwordFrom")),
        "given_fernet_key": GivenText(name="fernet_key", keys=("variables.c_token.valueFrom",)),
    },
)


def test_every_wrong_reference_is_told_with_its_key() -> None:
    assert wrong_references([READER], {"other": "x", "fernet_key": "y"}) == [
        "connections.a.passwordFrom = db: the stack secret givenValues does not hold it. It holds other",
        "connections.b.passwordFrom = db: the stack secret givenValues does not hold it. It holds other",
        "variables.c_token.valueFrom = fernet_key: it is a secret of the platform itself. Take another name",
    ]


def test_what_is_there_may_be_referred_to() -> None:
    reader = replace(READER, given={"given_db": READER.given["given_db"]})
    assert wrong_references([reader], {"db": "x"}) == []


def test_its_counter_makes_another_secret_and_is_known() -> None:
    raised = CredentialSettings(rotation={"db": 1})
    assert version(READER, raised) != version(READER, CredentialSettings())
    assert problems(raised, rotatable(), frozenset({"db"})) == []
    (problem,) = problems(raised, rotatable())
    assert problem.startswith("credentials.rotation.db = 1: there is no such generated value")
