"""The pack's tests run in the pack's own environment: `uv run --project policies pytest tests/policies`.

Only its folder is on the path of its process, so it is put there for the tests too. In the environment of the program
only the files that need the program are collected.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

PACK = Path(__file__).resolve().parents[2] / "policies"

if str(PACK) not in sys.path:
    sys.path.insert(0, str(PACK))

_WITH_PROGRAM = {"test_examples.py", "test_own_stacks.py", "test_referees.py", "test_unsafe.py"}
_PROGRAM_IS_HERE = find_spec("pulumi_kubernetes") is not None

collect_ignore = [
    str(path) for path in Path(__file__).parent.rglob("test_*.py") if (path.name in _WITH_PROGRAM) != _PROGRAM_IS_HERE
]
