"""What the tests of programs that run in pods share."""

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from local import paths


def load_asset(name: str) -> ModuleType:
    """A program of AirflowCore's assets as a module, without running it."""
    file = paths.checkout() / "components" / "airflow_core" / "assets" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_asset", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their own module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def returns(value: Any) -> Callable[..., Any]:
    """A function that gives the value, whatever it is asked."""

    def answer(*_: Any) -> Any:
        return value

    return answer
