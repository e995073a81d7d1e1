"""The golden inventory of each stack: every resource with its type, name, parent, provider and protection.

`python -m tests.stacks.golden` (`make golden`) writes it anew; a review then sees what a change adds, renames or takes
away, before a cluster does.
"""

import json
from pathlib import Path
from typing import Any

from local.engine.recording import Recording
from tests.harness import STACKS, record_stack

FOLDER = Path(__file__).parent / "golden"


def name_of(urn: str) -> str:
    """The logical name at the end of a URN or of a provider reference."""
    parts = urn.split("::")
    return parts[3] if len(parts) > 3 else ""


def inventory(recording: Recording) -> list[dict[str, Any]]:
    """Every resource but the stack itself, by type and name."""
    entries = [
        {
            "type": resource.type,
            "name": resource.name,
            "parent": name_of(resource.parent),
            "provider": name_of(resource.provider),
            "protect": resource.protect,
        }
        for resource in recording.resources
        if resource.type != "pulumi:pulumi:Stack"
    ]
    return sorted(entries, key=lambda entry: (entry["type"], entry["name"], entry["parent"]))


def render(entries: list[dict[str, Any]]) -> str:
    """One resource a line, so that a difference reads as one."""
    return "[\n" + ",\n".join(f"  {json.dumps(entry)}" for entry in entries) + "\n]\n"


def main() -> None:
    """Write the three files."""
    FOLDER.mkdir(exist_ok=True)
    for stack in STACKS:
        (FOLDER / f"{stack}.json").write_text(render(inventory(record_stack(stack))))


if __name__ == "__main__":
    main()
