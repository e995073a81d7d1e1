"""A probe that costs milliseconds: `alive.py SECONDS` exits 1 when the main thread has not run for that long.

It asks neither the database nor the broker, so it never restarts a process for somebody else's outage.
"""

import json
import sys
import time
from pathlib import Path

INITS = {"tini", "dumb-init", "catatonit", "init"}


def main_process(proc: Path) -> int:
    """Process id of the pod's main process: 1, or the first child of an init that is 1.

    Raises:
        LookupError: there is none.
    """
    if (proc / "1" / "comm").read_text().strip() not in INITS:
        return 1
    children = (int(folder.name) for folder in proc.glob("[0-9]*") if _parent(folder) == 1)
    try:
        return min(children)
    except ValueError:
        raise LookupError("the init process has no child") from None


def _parent(folder: Path) -> int:
    try:
        return int(_status(folder)["PPid"])
    except (OSError, KeyError):
        return 0


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def turns(proc: Path, process: int) -> int:
    """How often the main thread of a process has been put to sleep or taken off the CPU: it grows as long as it works."""
    status = _status(proc / str(process))
    return int(status["voluntary_ctxt_switches"]) + int(status["nonvoluntary_ctxt_switches"])


def is_turning(proc: Path, memory: Path, now: float, seconds: float) -> bool:
    """Whether the main thread has run within `seconds`, as far as the probes before have seen it."""
    process = main_process(proc)
    seen = {"process": process, "turns": turns(proc, process)}
    try:
        last: dict[str, float] = json.loads(memory.read_text())
    except (OSError, ValueError):
        last = {}
    if {key: last.get(key) for key in seen} == seen:
        return now - last["since"] < seconds
    memory.write_text(json.dumps({**seen, "since": now}))
    return True


def main(seconds: float) -> int:
    """Run the check and print why it failed."""
    try:
        if is_turning(Path("/proc"), Path("/tmp/alive.json"), time.monotonic(), seconds):  # noqa: S108
            return 0
    except LookupError as error:
        print(error)  # noqa: T201
        return 1
    print(f"the main process has not run for {seconds:.0f} s")  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
