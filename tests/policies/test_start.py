"""The pack as the embedded engine starts it: its own file, without the command line around it."""

import os
import subprocess
import sys

from tests.policies.conftest import PACK


def run(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PACK)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_only_the_stubs_are_imported() -> None:
    code = """
import sys
from airflow_guard import start
start._take_stubs_alone()
from airflow_guard import server
print(hasattr(sys.modules["pulumi"], "Output"), "yaml" in sys.modules, server.pb.AnalyzeRequest.DESCRIPTOR.name)
"""
    assert run(code) == "False False AnalyzeRequest\n"


def test_an_sdk_that_is_there_already_is_left_alone() -> None:
    code = """
import pulumi
from airflow_guard import start
start._take_stubs_alone()
import pulumi.runtime
print(pulumi.Output.__name__, pulumi.runtime.is_dry_run.__name__)
"""
    assert run(code) == "Output is_dry_run\n"


def test_the_process_answers_with_its_port() -> None:
    command = [sys.executable, "-u", str(PACK / "__main__.py"), "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=PACK, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        process.kill()
