"""Which engine runs the program: the Pulumi CLI where there is one, the embedded engine otherwise."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from local import paths
from local.errors import PreflightError
from local.stacks import is_local, policy_configuration, stack_config, stack_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The engine and why it is this one.

    Attributes:
        cli: path of the Pulumi CLI; None for the embedded engine.
        reason: shown to the user.
    """

    cli: str | None
    reason: str


def choose(stack: str) -> Choice:
    """The CLI when `pulumi` is on PATH and can do what the stack asks for."""
    cli = shutil.which("pulumi")
    if cli is None:
        return Choice(cli=None, reason="the embedded engine: no pulumi on PATH")
    if _builds_images(stack) and not _docker_answers():
        return Choice(
            cli=None, reason="the embedded engine: the CLI builds images with a Docker daemon, and none answers"
        )
    return Choice(cli=cli, reason=f"the Pulumi CLI: {cli}")


def environment(stack: str, context: str | None) -> dict[str, str]:
    """Variables that both engines run under: backend, passphrase, kubeconfig. Values that are set win."""
    state = paths.state()
    chosen = {"PULUMI_BACKEND_URL": f"file://{state}"} if "PULUMI_BACKEND_URL" not in os.environ else {}
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & os.environ.keys():
        chosen["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(state / "passphrase")
    if is_local(stack, context):
        chosen["KUBECONFIG"] = str(paths.kubeconfig())
    return {**os.environ, **chosen}


def run_cli(cli: str, stack: str, context: str | None, command: str, *options: str) -> int:
    """Run one command of the Pulumi CLI on the stack, with the policy pack where it applies. Returns its exit code."""
    environ = environment(stack, context)
    paths.state().mkdir(parents=True, exist_ok=True)
    checkout = paths.checkout()
    selected = subprocess.run(
        [cli, "stack", "select", "--create", stack, "--cwd", str(checkout)], env=environ, check=False
    )
    if selected.returncode:
        raise PreflightError(f"stack = {stack}: the Pulumi CLI cannot select it; its own message stands above.")
    arguments = [cli, command, "--stack", stack, "--cwd", str(checkout), "--config-file", str(stack_file(stack))]
    arguments += options
    if command in {"preview", "up"}:
        pack = checkout / "policies"
        arguments += ["--policy-pack", str(pack), "--policy-pack-config", str(policy_configuration(stack, pack))]
        if context:
            arguments += ["--config", f"airflow-platform:context={context}"]
    return subprocess.run(arguments, env=environ, check=False).returncode


def _builds_images(stack: str) -> bool:
    images: Mapping[str, object] = stack_config(stack).get("airflow-platform:images") or {}
    return bool(images.get("build"))


def _docker_answers() -> bool:
    docker = shutil.which("docker")
    return bool(docker) and subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0
