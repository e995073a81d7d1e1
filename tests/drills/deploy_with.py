"""`python -m tests.drills.deploy_with STACK KEY=JSON ...`: deploy a stack with settings that win over its file."""

import json
import os
import subprocess
import sys
from typing import Any

from local import paths
from local.engine import api
from local.engines import environment


def deployed(stack: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    pairs = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    command = [sys.executable, "-m", "tests.drills.deploy_with", stack, *pairs]
    return subprocess.run(command, cwd=paths.checkout(), capture_output=True, text=True, check=False)


def main(stack: str, *settings: str) -> int:
    """Exit code of the run."""
    os.environ.update(environment(stack, None))
    pairs = (setting.partition("=") for setting in settings)
    config = {f"airflow-platform:{key}": text for key, _, text in pairs}
    result = api.up(stack, api.Options(config=config))
    if result.error:
        sys.stderr.write(f"{result.error}\n")
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
