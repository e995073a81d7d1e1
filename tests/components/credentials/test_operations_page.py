"""The page on secrets lists what can be rotated, no more and no less."""

import re

from components.credentials.sources import rotatable
from tests.settings.stack_files import ROOT


def test_the_page_lists_every_generated_value() -> None:
    page = (ROOT / "docs" / "operations" / "secrets.md").read_text()
    assert set(re.findall(r"^\| `([a-z_]+)` \|", page, flags=re.MULTILINE)) == rotatable()
