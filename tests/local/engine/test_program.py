"""Real programs in a process of their own: what they ask for, and how they fail."""

from pathlib import Path

import pytest

from local.engine import api, recording
from local.engine.api import Options
from local.engine.config import load_project, load_stack_file, resolve
from local.engine.crypto import new_crypter
from local.engine.errors import BadInputError, EngineError
from local.engine.recording import Recording, Secret, record
from local.engine.render import write
from local.engine.session import passphrase

from .conftest import PROGRAMS, Witness
from .shelf import Shelf

STACK_FILE = """
config:
  proj:greeting: hello
  proj:shape: {{replicas: 3}}
  proj:token: {{secure: "{token}"}}
encryptionsalt: {salt}
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The small program, once for all tests that only look at it; also the test of encrypted configuration."""
    folder = tmp_path_factory.mktemp("project")
    crypter = new_crypter("correct horse")
    (folder / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    text = STACK_FILE.format(token=crypter.encrypt("abc"), salt=crypter.salt_line)
    (folder / "Pulumi.dev.yaml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
        return record("dev", project_dir=folder, program=PROGRAMS / "small.py")


def test_a_recording_shows_everything_a_program_asked_for(recorded: Recording) -> None:
    config_map = recorded.named("box-config")
    assert config_map.urn == "urn:pulumi:dev::proj::test:index:Box$kubernetes:core/v1:ConfigMap::box-config"
    assert config_map.parent == recorded.named("box").urn
    assert config_map.protect
    assert config_map.inputs["data"]["greeting"] == "hello"
    assert config_map.inputs["data"]["replicas"] == "3"
    assert config_map.inputs["data"]["secret"] == recorded.named("box-secret").outputs["metadata"]["name"]
    assert config_map.provider.startswith(recorded.named("cluster").urn + "::")
    assert config_map.property_dependencies["data"] == (recorded.named("box-secret").urn,)
    assert recorded.outputs["token"] == Secret("abc")
    assert recorded.named("box").outputs == {"secret": config_map.inputs["data"]["secret"]}


def test_recorded_secrets_have_the_right_form(recorded: Recording) -> None:
    values = recorded.named("box-secret").inputs["stringData"]
    assert isinstance(values, Secret)
    assert len(values.value["password"]) == 24
    assert values.value["password"].isalnum()
    assert recorded.named("box-password").outputs["result"] == Secret(values.value["password"])


def test_a_recording_has_a_fixed_order(recorded: Recording) -> None:
    names = [resource.name for resource in recorded.resources]
    assert names[0] == "proj-dev"
    assert names.index("box-secret") > names.index("box-password")
    assert recording.dependency_order(reversed(recorded.resources)) == recorded.resources


def test_rendered_files_are_masked_stable_and_leave_nothing_stale(recorded: Recording, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "configmap-gone.yaml").write_text("")
    paths = write(recorded, tmp_path)
    names = [str(path.relative_to(tmp_path)) for path in paths]
    secret = recorded.named("box-secret").outputs["metadata"]["name"]
    assert names == ["_cluster/namespace-box.yaml", "box/configmap-config.yaml", f"box/secret-{secret}.yaml"]
    assert paths[2].read_text() == (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {secret}\n  namespace: box\n"
        "stringData:\n  key: '[secret]'\n  password: '[secret]'\n"
    )
    assert sorted(tmp_path.rglob("*.yaml")) == paths


def run_things(project: Path, **config: str) -> tuple[api.Result, Witness]:
    witness = Witness()
    shelf = Shelf(project / "shelf")
    options = Options(
        project_dir=project,
        program=PROGRAMS / "things.py",
        config=config,
        watcher=witness,
        packages={"shelf": lambda: shelf},
    )
    return api.up("dev", options), witness


THINGS = '[{"name": "a", "props": {"label": "x"}, "secret": ["label"]}, {"name": "b", "needs": ["a"], "grouped": true}]'


def test_a_real_program_is_deployed_and_found_unchanged(project: Path) -> None:
    result, witness = run_things(project, things=THINGS)
    assert result.exit_code == 0, result.error
    assert witness.steps == [("create", "a"), ("create", "b")]
    assert result.outputs["serials"] == {"a": "serial-of-a", "b": "serial-of-b"}
    assert result.outputs["hidden"] == Secret("hush-hush-value")
    again, _ = run_things(project, things=THINGS)
    assert again.changes == 0
    state = (project / "state/.pulumi/stacks/proj/dev.json").read_text()
    assert "hush-hush" not in state
    assert api.outputs("dev", project_dir=project)["hidden"] == "[secret]"
    assert api.outputs("dev", project_dir=project, show_secrets=True)["hidden"] == "hush-hush-value"


def test_a_program_that_fails_says_why_in_its_own_words(project: Path) -> None:
    result, _ = run_things(project, things=THINGS, crash="yes")
    assert result.exit_code == 1
    lines = result.error.splitlines()
    assert lines[0] == "the program failed: ValueError: the roof is on fire"
    assert "runpy" not in result.error
    # Nothing is torn down because a program did not reach its end.
    assert "a" in (project / "state/.pulumi/stacks/proj/dev.json").read_text()


def test_a_program_that_refuses_its_input_ends_with_its_message(project: Path) -> None:
    result, _ = run_things(project, refuse="postgres.instances: 0 is too few")
    assert (result.exit_code, result.error) == (2, "postgres.instances: 0 is too few")


def test_a_failed_step_is_told_once(project: Path) -> None:
    result, witness = run_things(project, things='[{"name": "a", "props": {"break": true}}]')
    assert result.exit_code == 1
    assert witness.failures == [("a", "the shelf broke")]
    assert witness.messages == []


def program(folder: Path, text: str) -> Path:
    path = folder / "program.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def (:\n", "SyntaxError"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "killed by signal SIGKILL"),
        ("import sys\nprint('last words')\nsys.stdout.flush()\nsys.exit(3)\n", "last words"),
        ("import pulumi\npulumi.StackReference('organization/other/dev')\n", "StackReference"),
        ("import nothing_of_this_name\n", "nothing_of_this_name"),
    ],
)
def test_every_end_of_a_program_is_a_message(project: Path, text: str, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        record("dev", project_dir=project, program=program(project, text))


def test_an_output_in_a_text_is_an_error(project: Path) -> None:
    text = "import pulumi\npulumi.export('x', f\"{pulumi.Output.from_input('a')}\")\n"
    with pytest.raises(EngineError, match="program failed"):
        record("dev", project_dir=project, program=program(project, text))


def test_what_a_program_prints_is_heard(project: Path) -> None:
    text = "import pulumi\nprint('printed')\npulumi.log.warn('logged')\n"
    messages = record("dev", project_dir=project, program=program(project, text)).messages
    assert sorted(messages) == [("info", "printed"), ("warning", "logged")]


def test_the_engines_own_modules_are_not_in_a_programs_way(project: Path) -> None:
    text = "import sys\nassert not [p for p in sys.path if p.endswith('local/engine')]\nimport config\n"
    (project / "config.py").write_text("")
    record("dev", project_dir=project, program=program(project, text))


def test_encrypted_configuration_needs_its_passphrase(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crypter = new_crypter("other")
    text = STACK_FILE.format(token=crypter.encrypt("abc"), salt=crypter.salt_line)
    (project / "Pulumi.dev.yaml").write_text(text)
    with pytest.raises(BadInputError, match="wrong passphrase"):
        record("dev", project_dir=project)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(project / "none"))
    with pytest.raises(BadInputError, match="PULUMI_CONFIG_PASSPHRASE_FILE"):
        record("dev", project_dir=project)


def test_configuration_reaches_the_program_as_the_cli_hands_it_on(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: proj\nconfig:\n  size: {type: integer, default: 4}\n  fixed: {value: x}\n  short: y\n  bare: {type: string}\n"
    )
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  proj:flag: true\n  proj:count: 3\n  proj:text: '3'\n  proj:tree: {b: [1, two], a: null}\n  other:key: z\n"
    )
    project = load_project(tmp_path)
    resolved = resolve(load_stack_file(project, "dev"), None, {"count": "9"})
    assert resolved.values == {
        "proj:size": "4",
        "proj:fixed": "x",
        "proj:short": "y",
        "proj:flag": "true",
        "proj:count": "9",
        "proj:text": "3",
        "proj:tree": '{"a":null,"b":[1,"two"]}',
        "other:key": "z",
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Pulumi.yaml", "name: [\n", "not valid YAML"),
        ("Pulumi.yaml", "runtime: python\n", "name is missing"),
        ("Pulumi.dev.yaml", "- a\n", "must be a mapping"),
        ("Pulumi.dev.yaml", "config: 3\n", "config must be a mapping"),
        ("Pulumi.dev.yaml", "secretsprovider: awskms://x\n", "needs the Pulumi CLI"),
    ],
)
def test_files_that_are_wrong_are_named(project: Path, name: str, text: str, said: str) -> None:
    (project / name).write_text(text)
    with pytest.raises(BadInputError, match=said) as caught:
        record("dev", project_dir=project)
    assert name in str(caught.value)


def test_a_generated_passphrase_is_kept_for_its_owner_only(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    monkeypatch.setenv("AIRFLOW_PLATFORM_CACHE", str(project / "cache"))
    made = passphrase()
    assert len(made) > 40
    assert passphrase() == made
    assert (project / "cache" / "state" / "passphrase").stat().st_mode & 0o777 == 0o600
