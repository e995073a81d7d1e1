"""README tells the truth: each of its commands is run by CI, each of its links leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.settings.stack_files import ROOT, STACKS, values_of

README = (ROOT / "README.md").read_text()
CI = (ROOT / ".ci" / "run").read_text()


def test_every_make_command_is_run_by_ci() -> None:
    commands = set(re.findall(r"`?make ([a-z0-9-]+)", README))
    assert {"up", "test", "ui", "down"} <= commands
    assert {command for command in commands if not re.search(rf"\bmake {command}\b", CI)} == set()


def test_every_target_that_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"`make ([a-z0-9-]+)", README)) <= targets


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")]), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def test_the_table_of_stacks_says_what_the_stack_files_say() -> None:
    instances = {stack: values_of(stack)["postgres"]["instances"] for stack in STACKS}
    assert instances == {"dev": 1, "staging": 3, "prod": 3}
    workers = {stack: values_of(stack)["workers"]["queues"]["default"] for stack in STACKS}
    row = next(line for line in README.splitlines() if line.startswith("| Workers of the queue"))
    for stack in STACKS:
        assert f"{workers[stack]['minReplicas']} x {workers[stack]['concurrency']} tasks" in row
