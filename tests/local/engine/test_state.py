"""The state file: its layout, and that it comes back as it was written."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from local import paths
from local.engine import api
from local.engine.crypto import Crypter, new_crypter
from local.engine.state import PendingOperation, ResourceState, Snapshot, StateWriter, parse_snapshot, salt_of
from local.engine.values import ResourceReference, Secret

from .conftest import Bench
from .script import Script, thing

URN = "urn:pulumi:dev::proj::shelf:index:Thing::a"


@pytest.fixture
def crypter(bench: Bench) -> Crypter:
    return new_crypter("right")


def test_the_file_is_a_checkpoint_as_the_cli_writes_it(bench: Bench) -> None:
    bench.up(thing("a", label="x"), thing("b", "a"))
    body = json.loads(bench.state_file.read_text())
    assert body["version"] == 3
    assert body["checkpoint"]["stack"] == "organization/proj/dev"
    latest = body["checkpoint"]["latest"]
    assert latest.keys() == {"manifest", "secrets_providers", "resources", "metadata"}
    assert latest["manifest"].keys() == {"time", "magic", "version"}
    assert latest["secrets_providers"]["type"] == "passphrase"
    assert latest["secrets_providers"]["state"]["salt"].startswith("v1:")
    provider = latest["resources"][1]
    assert [entry["urn"] for entry in latest["resources"]] == [
        "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev",
        "urn:pulumi:dev::proj::pulumi:providers:shelf::shelf",
        "urn:pulumi:dev::proj::test:index:Group::group",
        "urn:pulumi:dev::proj::shelf:index:Thing::a",
        "urn:pulumi:dev::proj::shelf:index:Thing::b",
    ]
    last = latest["resources"][-1]
    assert last | {"created": 0, "modified": 0, "id": 0} == {
        "urn": "urn:pulumi:dev::proj::shelf:index:Thing::b",
        "custom": True,
        "id": 0,
        "type": "shelf:index:Thing",
        "inputs": {"from-a": "serial-of-a"},
        "outputs": {"from-a": "serial-of-a", "serial": "serial-of-b"},
        "parent": "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev",
        "dependencies": [URN],
        "propertyDependencies": {"from-a": [URN]},
        "provider": f"{provider['urn']}::{provider['id']}",
        "created": 0,
        "modified": 0,
    }
    home = bench.folder / "state" / ".pulumi"
    assert (home / "meta.yaml").read_text() == "version: 1\n"
    assert len(list((home / "history" / "proj" / "dev").glob("dev-*.history.json"))) == 1
    assert bench.state_file.stat().st_mode & 0o077 == 0


def test_every_run_leaves_a_copy_of_the_state_before_it(bench: Bench) -> None:
    bench.up(thing("a"))
    before = bench.state_file.read_text()
    bench.up(thing("b"))
    copies = list((bench.folder / "state" / ".pulumi" / "backups" / "proj" / "dev").glob("dev.*.json"))
    assert [copy.read_text() for copy in copies] == [before]


def test_the_state_keeps_its_salt_and_the_checkout_stays_clean(bench: Bench) -> None:
    bench.up(thing("a"))
    salt = salt_of(bench.state_file.read_text())
    bench.up(thing("a"), thing("b"))
    assert salt_of(bench.state_file.read_text()) == salt
    assert "encryptionsalt" not in (bench.folder / "Pulumi.dev.yaml").read_text()


def test_everything_a_resource_may_say_comes_back(crypter: Crypter) -> None:
    state = ResourceState(
        urn=URN,
        type="shelf:index:Thing",
        custom=True,
        id="x",
        inputs={"plain": 1, "secret": Secret({"deep": ["value"]}), "list": [Secret("y"), 2.5]},
        outputs={"reference": ResourceReference(urn="u", id="i"), "none": None},
        parent="p",
        provider="urn::id",
        dependencies=("d",),
        property_dependencies={"plain": ("d",), "secret": ()},
        protect=True,
        delete=True,
        external=True,
        retain_on_delete=True,
        pending_replacement=True,
        deleted_with="w",
        init_errors=("not ready",),
        additional_secret_outputs=("data",),
        aliases=("old",),
        ignore_changes=("plain",),
        replace_on_changes=("secret",),
        timeouts={"create": 60.0},
        created="2026-01-01T00:00:00Z",
        modified="2026-01-02T00:00:00Z",
        extra={"sourcePosition": "project:///__main__.py#1,1", "somethingNew": {"a": 1}},
    )
    snapshot = Snapshot(
        resources=(state,), pending=(PendingOperation(resource=state, type="creating"),), extra={"extensions": {}}
    )
    text = StateWriter("organization/proj/dev", crypter).text(snapshot)
    assert "value" not in text.replace("somethingNew", "")
    assert parse_snapshot(text, crypter) == snapshot


def test_what_did_not_change_is_not_encrypted_again(crypter: Crypter) -> None:
    writer = StateWriter("s", crypter)
    state = ResourceState(urn=URN, type="t:i:T", custom=True, inputs={"k": Secret("v")})
    first = json.loads(writer.text(Snapshot(resources=(state,))))
    second = json.loads(writer.text(Snapshot(resources=(state,))))
    assert first["checkpoint"]["latest"]["resources"] == second["checkpoint"]["latest"]["resources"]


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text()),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
        ).flatmap(lambda value: st.sampled_from([value, Secret(value)])),
        max_size=4,
    )
)
def test_any_properties_come_back(properties: dict[str, Any]) -> None:
    crypter = new_crypter_without_delay()
    state = ResourceState(urn=URN, type="t:i:T", custom=True, inputs=properties)
    text = StateWriter("s", crypter).text(Snapshot(resources=(state,)))
    assert parse_snapshot(text, crypter).resources == (state,)


def new_crypter_without_delay() -> Crypter:
    crypter = Crypter.__new__(Crypter)
    crypter.__dict__.update(_cipher=AESGCM(b"k" * 32), _salt=b"12345678")
    return crypter


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "damaged"),
        ('{"version": 2, "checkpoint": {}}', "version 2"),
        (
            '{"version": 3, "checkpoint": {"latest": {"secrets_providers": {"type": "service"}}}}',
            "only the Pulumi CLI",
        ),
    ],
)
def test_a_state_that_cannot_be_read_is_one_clear_message(bench: Bench, text: str, said: str) -> None:
    bench.up(thing("a"))
    bench.state_file.write_text(text)
    result = bench.up(thing("a"))
    assert result.exit_code == 2
    assert said in result.error
    assert bench.state_file.read_text() == text


def test_a_compressed_state_is_not_taken_for_none(bench: Bench) -> None:
    bench.up(thing("a"))
    packed = bench.state_file.with_name("dev.json.gz")
    packed.write_bytes(gzip.compress(bench.state_file.read_bytes()))
    bench.state_file.unlink()
    result = bench.up(thing("a"))
    assert result.exit_code == 2
    assert "compressed" in result.error


def test_a_wrong_passphrase_touches_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.up(thing("a"))
    before = bench.state_file.read_bytes()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    result = bench.up(thing("a"), thing("b"))
    assert result.exit_code == 2
    assert "wrong passphrase" in result.error
    assert "PULUMI_CONFIG_PASSPHRASE" in result.error
    assert bench.state_file.read_bytes() == before


def test_a_missing_stack_names_those_there_are(bench: Bench) -> None:
    (bench.folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    result = api.up("prd", bench.options(Script(())))
    assert result.exit_code == 2
    assert "dev, prod" in result.error


def test_stack_files_may_lie_in_a_folder_of_their_own(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "Pulumi.trial.yaml").write_text("config: {}\n")
    monkeypatch.setenv(paths.STACKS_VARIABLE, str(elsewhere))
    assert api.up("trial", bench.options(Script(()))).exit_code == 0
    result = api.up("dev", bench.options(Script(())))
    assert result.exit_code == 2
    assert "stacks here: trial" in result.error
