import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from local.errors import LocalError, PreflightError
from local.toolchain import builder, table, tool
from local.toolchain.builder import build, is_built, key, link_flags
from local.toolchain.table import Program, Tool

FAKE_GO = """#!/bin/sh
# Stands in for the compiler where only our own steps are looked at.
case "$1" in
  list) echo one; echo two ;;
  build) shift; while [ "$1" != "-o" ]; do shift; done; echo compiled >&2; echo program > "$2/thing" ;;
esac
"""


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """The CNI tool in a folder of its own, free to be changed."""
    shutil.copytree(tool("cni").folder, tmp_path / "go" / "cni")
    monkeypatch.setattr(table, "GO_FOLDER", tmp_path / "go")
    return tool("cni")


@pytest.fixture
def thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """A tool of one program, an empty cache, and a compiler that is quick."""
    folder = tmp_path / "go" / "thing"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text("module x\n\nrequire example.invalid/thing v1.2.3\n")
    (folder / "go.sum").write_text("example.invalid/thing v1.2.3 h1:abc=\n")
    monkeypatch.setattr(table, "GO_FOLDER", tmp_path / "go")
    monkeypatch.setattr(builder, "ROOM_TO_BUILD", 0)
    monkeypatch.setenv("AIRFLOW_PLATFORM_CACHE", str(tmp_path / "cache"))
    compiler(tmp_path, monkeypatch, FAKE_GO)
    program = Program(name="renamed", package="example.invalid/thing")
    return Tool(name="thing", module="example.invalid/thing", programs=(program,))


def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = tmp_path / "fake" / "go"
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")


@pytest.mark.parametrize("name", ["go.sum", "go.mod", "main.go"])
def test_the_key_changes_with_every_pin(copied: Tool, name: str) -> None:
    before = key(copied)
    assert key(copied) == before
    with (copied.folder / name).open("a") as pins:
        pins.write("\n// changed\n")
    assert key(copied) != before


def test_the_key_changes_with_the_flags(copied: Tool) -> None:
    stamped = Tool(
        name=copied.name,
        module=copied.module,
        programs=copied.programs,
        stamps=(("main.version", "{version}"),),
    )
    assert key(stamped) != key(copied)


def test_link_flags_carry_the_version_that_kubeadm_asks_for() -> None:
    flags = link_flags(tool("kubernetes"))
    assert "-X k8s.io/component-base/version.gitVersion=v1.36.3" in flags
    assert "-X k8s.io/component-base/version.gitMajor=1 " in flags
    assert flags.endswith("gitMinor=36")


def test_a_build_puts_the_program_in_place_and_is_not_repeated(thing: Tool) -> None:
    assert not is_built(thing)
    assert build(thing) is True
    assert table.binary("renamed").read_text() == "program\n"
    assert is_built(thing)
    assert build(thing) is False


def test_a_changed_pin_asks_for_a_new_build(thing: Tool) -> None:
    build(thing)
    (thing.folder / "go.sum").write_text("example.invalid/thing v1.2.3 h1:other=\n")
    assert not is_built(thing)


def test_a_missing_program_asks_for_a_new_build(thing: Tool) -> None:
    build(thing)
    table.binary("renamed").unlink()
    assert not is_built(thing)
    assert build(thing) is True


def test_programs_of_two_pins_are_never_taken_for_one_build(thing: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    build(thing)
    pins = (thing.folder / "go.sum").read_text()
    (thing.folder / "go.sum").write_text("example.invalid/thing v1.2.3 h1:other=\n")

    def killed(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            build(thing)
    (thing.folder / "go.sum").write_text(pins)
    assert not is_built(thing)


def test_a_failed_build_shows_the_compilers_words_and_can_be_run_again(
    thing: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(tmp_path, monkeypatch, '#!/bin/sh\n[ "$1" = list ] || { echo "x.go:1: boom" >&2; exit 1; }\n')
    with pytest.raises(LocalError, match=r"x\.go:1: boom") as caught:
        build(thing)
    assert caught.value.exit_code == 1
    assert not is_built(thing)
    compiler(tmp_path, monkeypatch, FAKE_GO)
    assert build(thing) is True


def test_no_network_is_told_as_such(thing: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler(tmp_path, monkeypatch, '#!/bin/sh\nyes "dial tcp: no such host" | head -9 >&2\nexit 1\n')
    with pytest.raises(LocalError, match="module proxy could not be reached") as caught:
        build(thing)
    assert str(caught.value).count("dial tcp") == 1


def test_no_go_is_one_message_before_anything(thing: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PreflightError, match="Go is missing") as caught:
        build(thing)
    assert caught.value.exit_code == 2


def test_too_old_a_go_is_told_with_its_version(thing: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler(tmp_path, monkeypatch, "#!/bin/sh\necho go1.20.14\n")
    with pytest.raises(PreflightError, match=r"is go1\.20\.14, which is too old"):
        build(thing)
    compiler(tmp_path, monkeypatch, "#!/bin/sh\necho go1.21rc2\n")
    assert builder.go_faults() == []


def test_too_little_disk_is_one_message_before_anything(thing: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "ROOM_TO_BUILD", 1 << 60)
    with pytest.raises(PreflightError, match="Too little disk to build"):
        build(thing)
    assert not table.binary("renamed").exists()


def nothing(*_: object) -> bool:
    return False


def tools_of(thing: Tool, *names: str) -> list[Tool]:
    """Tools like `thing`, each with pins of its own."""
    for name in names:
        shutil.copytree(thing.folder, thing.folder.parent / name)
    return [replace(thing, name=name, programs=(Program(name=name, package=thing.module),)) for name in names]


def test_two_tools_are_built_at_the_same_time(thing: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the other: one after the other they would wait in vain."""
    met = tmp_path / "met"
    met.mkdir()
    wait = f'touch {met}/$(basename "$PWD"); for i in $(seq 200); do [ $(ls {met} | wc -l) = 2 ] && break; sleep 0.05; done'
    check = f"[ $(ls {met} | wc -l) = 2 ] || exit 1"
    compiler(tmp_path, monkeypatch, FAKE_GO.replace("build) shift;", f"build) {wait}; {check}; shift;"))
    monkeypatch.setattr(builder, "build_pause", nothing)
    assert builder.build_all(tools=tools_of(thing, "one", "two")) == ["one", "two"]
    assert all(table.binary(name).is_file() for name in ("one", "two"))


def test_what_fails_does_not_keep_the_others_from_being_built(
    thing: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = 'case "$PWD" in *bad*) echo "$(basename "$PWD").go: boom" >&2; exit 1 ;; esac'
    compiler(tmp_path, monkeypatch, FAKE_GO.replace("build) shift;", f"build) {fail}; shift;"))
    monkeypatch.setattr(builder, "build_pause", nothing)
    tools = tools_of(thing, "bad-one", "good", "bad-two")
    with pytest.raises(LocalError, match=r"(?s)bad-one\.go: boom.*bad-two\.go: boom"):
        builder.build_all(tools=tools)
    assert [is_built(entry) for entry in tools] == [False, True, False]
