"""Keys go into the escrow and come out with the passphrase, and with nothing else."""

import base64
import importlib.util
import json
import sys
from io import StringIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from components.contract.secrets import SecretConsumer, SecretValue
from components.credentials.escrow import seal, unseal
from components.credentials.generations import problems
from components.credentials.sources import fill, roots_of, rotatable, version, wrongly_given
from scripts import open_escrow
from settings.stack import CredentialSettings
from tests.settings.stack_files import ROOT

KEYS = {"fernet_key": base64.b64encode(bytes(range(32))).decode(), "api_secret_key": "s3cret"}


def test_what_was_sealed_comes_back() -> None:
    assert unseal(seal(KEYS, "passphrase"), "passphrase") == KEYS


def test_equal_keys_give_an_equal_document_and_nothing_of_them_shows() -> None:
    document = seal(KEYS, "passphrase")
    assert document == seal(dict(reversed(KEYS.items())), "passphrase")
    assert document != seal(KEYS, "other")
    assert not [value for value in (*KEYS.values(), "passphrase") if value in document]


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(ValueError, match="does not open this key escrow"):
        unseal(seal(KEYS, "passphrase"), "passphrasE")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null"])
def test_what_is_no_escrow_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match="this is no key escrow"):
        unseal(text, "passphrase")


def test_a_changed_document_is_not_believed() -> None:
    document = json.loads(seal(KEYS, "passphrase"))
    sealed = bytearray(base64.b64decode(document["sealed"]))
    sealed[20] ^= 1
    document["sealed"] = base64.b64encode(bytes(sealed)).decode()
    with pytest.raises(ValueError, match="does not open"):
        unseal(json.dumps(document), "passphrase")


def test_a_consumer_gets_the_roots_of_all_escrowed_values_sealed() -> None:
    settings = CredentialSettings(rotation={"fernet_key": 1})
    generated = {root.name: [f"{root.name}-0"] for root in roots_of(SecretValue.KEY_ESCROW)}
    generated["fernet_key"].append("fernet_key-1")
    consumer = SecretConsumer(name="x", namespace="y", files={"keys.json": "{key_escrow}"})
    (document,) = fill(consumer, generated, settings).values()
    assert unseal(document, "backup_escrow_passphrase-0") == {
        "fernet_key": "fernet_key-0,fernet_key-1",
        "jwt_private_key": "jwt_private_key-0",
        "api_secret_key": "api_secret_key-0",
    }


def drill_program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The check that runs in a drill's pod, where `psycopg2` and Alembic are those of Airflow's image."""
    for name, content in {"psycopg2": {}, "alembic": {}, "alembic.script": {"ScriptDirectory": None}}.items():
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**content))  # type: ignore[arg-type]
    path = ROOT / "components" / "postgres_ha" / "files" / "drill_verify.py"
    spec: Any = importlib.util.spec_from_file_location("drill_verify", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_drill_opens_what_we_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    program: Any = drill_program(monkeypatch)
    assert program.unsealed(json.loads(seal(KEYS, "passphrase")), "passphrase") == KEYS
    with pytest.raises(InvalidTag):
        program.unsealed(json.loads(seal(KEYS, "passphrase")), "other")


def test_the_script_prints_the_keys_and_names_a_wrong_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "right").write_text("passphrase\n")
    (tmp_path / "wrong").write_text("other\n")
    codes: list[int] = []
    for name in ("right", "wrong"):
        monkeypatch.setattr(sys, "argv", ["open_escrow", str(tmp_path / name)])
        monkeypatch.setattr(sys, "stdin", StringIO(seal(KEYS, "passphrase")))
        codes.append(open_escrow.main())
    shown = capsys.readouterr()
    assert codes == [0, 2]
    assert json.loads(shown.out) == KEYS
    assert shown.err.startswith("error: the passphrase does not open")


def test_given_values_are_known_and_there() -> None:
    settings = CredentialSettings(given=["fernet_key", "fernetkey", "api_secret_key"])
    unknown, missing = wrongly_given(settings, {"fernet_key": base64.b64encode(bytes(32)).decode()})
    assert unknown.startswith("credentials.given = fernetkey: there is no such value")
    assert missing.startswith("credentials.given = api_secret_key: the stack secret givenValues does not hold it")


def test_the_counter_of_what_is_given_renews_its_readers_and_makes_nothing() -> None:
    consumer = SecretConsumer(name="x", namespace="y", files={"f": "{api_secret_key}"})
    before, after = (CredentialSettings(given=["api_secret_key"], rotation={"api_secret_key": at}) for at in (4, 5))
    assert problems(after, rotatable()) == wrongly_given(after, {"api_secret_key": "x"}) == []
    assert version(consumer, before) != version(consumer, after)
    assert fill(consumer, {"api_secret_key": ["new"]}, after) == {"f": "new"}


def test_keys_that_an_escrow_gave_back_make_the_same_escrow_again() -> None:
    """Both Fernet keys of a rotation: a restored database may hold rows of either."""
    settings = CredentialSettings(rotation={"fernet_key": 1})
    generated = {root.name: [f"{root.name}-0"] for root in roots_of(SecretValue.KEY_ESCROW)}
    generated["fernet_key"] = [base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2)]
    consumer = SecretConsumer(name="x", namespace="y", files={"keys": "{key_escrow}", "fernet": "{fernet_key}"})
    files = fill(consumer, generated, settings)
    keys = unseal(files["keys"], "backup_escrow_passphrase-0")
    given = {
        **{name: [text] for name, text in keys.items()},
        "backup_escrow_passphrase": ["backup_escrow_passphrase-0"],
    }
    assert fill(consumer, given, CredentialSettings(given=sorted(given))) == files


def test_a_value_that_is_given_from_now_on_makes_another_secret() -> None:
    consumer = SecretConsumer(name="x", namespace="y", files={"fernet": "{fernet_key}"})
    given = CredentialSettings(given=["fernet_key"])
    assert version(consumer, given) != version(consumer, CredentialSettings())


def test_a_drill_needs_the_newest_escrow_alone_to_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program: Any = drill_program(monkeypatch)
    key = {"fernet_key": base64.b64encode(bytes(32)).decode()}
    before, now = (json.loads(seal(key, passphrase)) for passphrase in ("before", "now"))
    program.SECRETS = tmp_path
    (tmp_path / "escrow-passphrase").write_text("now\n")

    class Restored:
        """A cursor over the documents."""

        def __init__(self, *documents: Any) -> None:
            self.documents = documents

        def cursor(self) -> "Restored":
            return self

        def __enter__(self) -> "Restored":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def execute(self, _: str) -> None:
            pass

        def fetchall(self) -> list[tuple[Any]]:
            return [(document,) for document in self.documents]

    program.fernet(Restored(now, before))
    with pytest.raises(program.FailedError, match="does not open"):
        program.fernet(Restored(before, now))
