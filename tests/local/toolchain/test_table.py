import re

import pytest

from local.toolchain import TOOLS, tool, tool_version
from local.toolchain.table import GO_FOLDER, Tool

by_name = pytest.mark.parametrize("entry", TOOLS, ids=lambda entry: entry.name)


def test_every_module_folder_is_a_tool_and_the_reverse() -> None:
    assert {path.name for path in GO_FOLDER.iterdir()} == {entry.name for entry in TOOLS}


@by_name
def test_go_mod_pins_the_module_and_go_sum_holds_it(entry: Tool) -> None:
    version = tool_version(entry)
    assert re.fullmatch(r"v\d+\.\d+\.\d+", version)
    assert f"{entry.module} {version} h1:" in (entry.folder / "go.sum").read_text()


@by_name
def test_programs_are_the_tools_of_go_mod_or_an_own_main(entry: Tool) -> None:
    text = (entry.folder / "go.mod").read_text()
    if (entry.folder / "main.go").is_file():
        module = re.search(r"^module (\S+)$", text, re.MULTILINE)
        assert module is not None
        assert [program.package for program in entry.programs] == [module.group(1)]
        return
    block = re.search(r"^tool \((.*?)^\)", text, re.MULTILINE | re.DOTALL)
    named = block.group(1).split() if block else re.findall(r"^tool (\S+)$", text, re.MULTILINE)
    assert sorted(named) == sorted(program.package for program in entry.programs)


def test_no_two_tools_give_a_program_of_one_name() -> None:
    names = [program.name for entry in TOOLS for program in entry.programs]
    assert len(names) == len(set(names))


def test_go_drops_the_version_from_the_file_name() -> None:
    (etcd,) = tool("etcd").programs
    assert (etcd.name, etcd.built_as) == ("etcd", "server")


def test_the_staging_modules_follow_the_version_of_kubernetes() -> None:
    entry = tool("kubernetes")
    minor = tool_version(entry).removeprefix("v1.")
    replaced = re.findall(r"^\t(\S+) => (\S+) (\S+)$", (entry.folder / "go.mod").read_text(), re.MULTILINE)
    assert len(replaced) > 30
    assert {(old == new, version) for old, new, version in replaced} == {(True, f"v0.{minor}")}


def test_an_unknown_tool_is_an_error() -> None:
    with pytest.raises(KeyError):
        tool("nonesuch")
