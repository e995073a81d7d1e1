"""What the policy pack costs: `make bench` (or `python -m scripts.bench_policies --pairs 10`).

Measures how long the pack's process takes to answer, and previews of the production stack with and without the pack, in
turns, so that a machine that grows slower meanwhile slows both. Everything runs as in `make preview` without a cluster:
the embedded engine, a state of its own that is thrown away.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Self

from local import paths
from local.engine import api
from local.engine.policy_pack import PolicyPack, started
from local.policy.judge import pack_of

STACK: Final = "prod"
MOST_START_SECONDS: Final = 0.4
MOST_SHARE: Final = 0.15


@dataclass(frozen=True, slots=True)
class Spread:
    """What came of measuring several times."""

    median: float
    least: float
    most: float
    times: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Of these values, to a thousandth."""
        low, middle, high = (round(value, 3) for value in (min(values), statistics.median(values), max(values)))
        return cls(median=middle, least=low, most=high, times=len(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures, in seconds.

    Attributes:
        start: until the pack's process answers.
        without: a preview without the pack.
        judged: the same with it.
        added: share by which the second of a pair is longer than the first.
        added_work: the same share of the processors' time, the pack's process included; it hardly depends on what else
            the machine does.
    """

    machine: str
    start: Spread
    without: Spread
    judged: Spread
    added: Spread
    added_work: Spread

    @property
    def within(self) -> bool:
        """Whether the medians keep to their bounds."""
        return self.start.median <= MOST_START_SECONDS and self.added.median <= MOST_SHARE


def measure(pairs: int, starts: int) -> Figures:
    """Measure everything.

    Args:
        pairs: previews with and without the pack.
        starts: of the pack's process.
    """
    pack = pack_of(STACK)
    _start(pack)  # the first start writes bytecode
    start = [_start(pack) for _ in range(starts)]
    without, judged = list[_Cost](), list[_Cost]()
    plain = api.Options()
    _preview(plain)
    for _ in range(pairs):
        without.append(_preview(plain))
        judged.append(_preview(replace(plain, policies=(pack,))))
    return Figures(
        machine=f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}",
        start=Spread.of(start),
        without=Spread.of([cost.seconds for cost in without]),
        judged=Spread.of([cost.seconds for cost in judged]),
        added=Spread.of([b.seconds / a.seconds - 1 for a, b in zip(without, judged, strict=True)]),
        added_work=Spread.of([b.work / a.work - 1 for a, b in zip(without, judged, strict=True)]),
    )


def _start(pack: PolicyPack) -> float:
    begun = time.perf_counter()
    with started(pack, {"PULUMI_PROJECT": "airflow-platform", "PULUMI_STACK": STACK}):
        return time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class _Cost:
    seconds: float
    work: float


def _preview(options: api.Options) -> _Cost:
    before = _work()
    result = api.preview(STACK, options)
    if result.exit_code:
        sys.exit(f"the preview failed: {result.error}")
    return _Cost(result.seconds, _work() - before)


def _work() -> float:
    """Seconds of processor time, of this process and of those it has ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main() -> int:
    """Print the figures as JSON. Returns 1 when a median is above its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--starts", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PULUMI_BACKEND_URL"] = Path(folder).as_uri()
        os.environ["PULUMI_CONFIG_PASSPHRASE"] = "bench"  # noqa: S105 - of a state that is thrown away
        os.environ["KUBECONFIG"] = str(Path(folder) / "none")
        os.environ.pop(paths.STACKS_VARIABLE, None)
        figures = measure(max(given.pairs, 1), max(given.starts, 1))
    sys.stdout.write(json.dumps(asdict(figures), indent=2) + "\n")
    return 0 if figures.within else 1


if __name__ == "__main__":
    sys.exit(main())
