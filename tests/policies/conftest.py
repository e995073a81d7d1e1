"""The pack stands on its own: only its folder is on the path of its process, so it is put there for the tests too."""

import sys
from pathlib import Path

PACK = Path(__file__).resolve().parents[2] / "policies"

if str(PACK) not in sys.path:
    sys.path.insert(0, str(PACK))
