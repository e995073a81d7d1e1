"""Runs `up` on a script in a process of its own, so that the process can be killed.

Arguments: project folder, then `name=seconds` for every thing, each needing the one before.
"""

import sys
from pathlib import Path

from local.engine import api, crypto
from local.engine.api import Options
from tests.local.engine.script import Script, Thing
from tests.local.engine.shelf import Shelf


def things(arguments: list[str]) -> tuple[Thing, ...]:
    made: list[Thing] = []
    for argument in arguments:
        name, _, seconds = argument.partition("=")
        needs = (made[-1].name,) if made else ()
        made.append(Thing(name=name, needs=needs, props={"slow": float(seconds)} if seconds else {}))
    return tuple(made)


def main() -> int:
    crypto._ROUNDS = 10  # pyright: ignore[reportPrivateUsage, reportConstantRedefinition, reportAttributeAccessIssue]
    folder = Path(sys.argv[1])
    script = Script(things(sys.argv[2:]))
    shelf = Shelf(folder / "shelf")
    result = api.up("dev", Options(project_dir=folder, packages={"shelf": lambda: shelf}, host=script))
    sys.stderr.write(result.error)
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main())
