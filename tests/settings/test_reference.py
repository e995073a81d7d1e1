"""The committed reference page is the one that the models give."""

from settings.platform_settings import PlatformSettings
from settings.reference import render
from settings.schema import walk
from tests.settings.stack_files import ROOT


def test_the_committed_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "reference" / "configuration.md").read_text() == render(), "run `make docs`"


def test_every_key_is_documented() -> None:
    undocumented = [".".join(path) for path, field in walk(PlatformSettings) if not field.description]
    assert undocumented == []


def test_bounds_and_choices_are_shown() -> None:
    page = render()
    assert "| `postgres.instances` | integer, ≥ 1, ≤ 3 | `3` |" in page
    assert "One of `local`, `quorum`, `strict`." in page
    assert "One of `ReadWriteOnce`, `ReadWriteMany`." in page, "of a key that may be left out, too"
    assert "`workers.queues.<name>.concurrency`" in page
