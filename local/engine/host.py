"""Runs one Pulumi program in a process of its own. Started by `program.py`; imports nothing of this project.

The first line of standard input is a JSON object with everything the program needs. Standard input stays open
afterwards: when it closes, whoever started this is gone, and so is the reason to go on.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

import asyncio
import json
import linecache
import logging
import os
import runpy
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pulumi
from pulumi import runtime

# Exit codes that `program.py` understands, beside 0 and the program's own.
FAILED = 1
REFUSED = 2


def _watch_parent() -> None:
    while sys.stdin.buffer.raw.read(4096):  # type: ignore[attr-defined]
        pass
    os._exit(FAILED)


def _short_traceback(error: BaseException, root: Path) -> str:
    """The message with the frames that lie in the program's own files, nearest last."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root) and ".venv" not in Path(frame.filename).parts
    ]
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        message = "".join(traceback.format_exception_only(error)).strip()
    lines = [f"  {Path(f.filename).relative_to(root)}:{f.lineno} in {f.name}: {f.line}" for f in frames]
    linecache.clearcache()
    return "\n".join(["the program failed: " + message, *lines])


async def _run(program: str) -> None:
    def body() -> None:
        runpy.run_path(program, run_name="__main__")

    await runtime.run_in_stack(body)


def _configure(task: dict[str, Any]) -> None:
    runtime.set_all_config(task["config"], task["secret_keys"])
    runtime.configure(
        runtime.Settings(
            project=task["project"],
            stack=task["stack"],
            monitor=task["address"],
            engine=task["address"],
            parallel=task["parallel"],
            dry_run=task["dry_run"],
            organization="organization",
            root_directory=task["root"],
        )
    )


def main() -> int:
    """Run the program that standard input names; 0 when it ended well."""
    task: dict[str, Any] = json.loads(sys.stdin.buffer.raw.readline())  # type: ignore[attr-defined]
    threading.Thread(target=_watch_parent, daemon=True).start()
    root = Path(task["root"])
    os.chdir(root)
    sys.path[0:0] = [str(Path(task["program"]).parent), str(root)]
    sys.argv = [task["program"]]

    _configure(task)
    # A program that fails half way leaves futures behind; asyncio's complaints about them help nobody.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Each registration under way blocks a thread.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=task["parallel"] * 4))
    try:
        loop.run_until_complete(_run(task["program"]))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return REFUSED
    except Exception as error:  # noqa: BLE001  # whatever the program raises becomes one message
        pulumi.log.error(_short_traceback(error, root))
        return FAILED
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that still wait for an answer must not keep the process.
    os._exit(code)
