"""Write `docs/reference/configuration.md`, or with `--check` tell whether it is out of date."""

import sys
from pathlib import Path

from settings.reference import render

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "configuration.md"


def main() -> int:
    """Exit code 1 when the committed page differs and `--check` is given."""
    text = render()
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text() == text:
            return 0
        sys.stderr.write(f"{PAGE.name} is out of date: run `make docs` and commit it\n")
        return 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
