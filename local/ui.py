"""The user interface on localhost, through the edge."""

import subprocess

from rich.console import Console

from local import deploy, forward
from local.engines import environment


def serve(stack: str, context: str | None, port: int) -> int:
    """Forward a local port to the edge until interrupted. Returns the exit code.

    Raises:
        PreflightError: the stack is not deployed.
    """
    target = forward.edge_of(stack, deploy.output_values(stack))
    Console().print(
        f"https://localhost:{port}  user admin, password: make outputs STACK={stack} SHOW_SECRETS=1",
        highlight=False,
        soft_wrap=True,
    )
    command = forward.command(stack, context, target, f"{port}:443")
    try:
        return subprocess.run(command, env=environment(stack, context), check=False).returncode
    except KeyboardInterrupt:
        return 0
