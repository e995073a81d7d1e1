"""Write the table of drills in `docs/reliability.md` from the reports in `build/reports/`."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
REPORTS = ROOT / "build" / "reports"
BEGIN, END = "<!-- drills -->\n", "<!-- end of drills -->\n"

_HEADER = """\
| Drill | Times | Commits acknowledged / lost | Write outage p50 / max (s) | Allowed (s) | Queue still, max (s) | Tasks / failed / run twice | Normal again, max (s) | Load average |
|---|---|---|---|---|---|---|---|---|
"""


def table(reports: Iterable[Mapping[str, Any]]) -> str:
    """One line per drill, by name."""
    return _HEADER + "".join(_line(report) for report in sorted(reports, key=lambda report: report["drill"]))


def _line(report: Mapping[str, Any]) -> str:
    outage, allowed = report["write_outage_seconds"], report["limits"]["outage"]
    load = [report["load_average"][when][0] for when in ("before", "after")]
    cells = (
        report["drill"],
        report["repetitions"],
        f"{report['acknowledged_commits']} / {report['acknowledged_commits_lost']}",
        f"{outage['p50']} / {outage['max']}",
        allowed if allowed is not None else "",
        report["queue_gap_seconds"]["max"],
        f"{report['tasks']} / {report['tasks_failed']} / {report['tasks_run_twice']}",
        report["time_to_normal_seconds"]["max"],
        f"{load[0]} to {load[1]}",
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def with_table(page: str, text: str) -> str:
    """The page with another table between its marks.

    Raises:
        ValueError: the page lacks a mark.
    """
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}{text}{END}{tail}"


def main() -> int:
    """Exit code 1 when there is no report."""
    found = [json.loads(path.read_text()) for path in sorted(REPORTS.glob("*.json"))]
    reports = [report for report in found if "write_outage_seconds" in report]
    if not reports:
        sys.stderr.write(f"no report of a drill in {REPORTS}: run `make drills` first\n")
        return 1
    PAGE.write_text(with_table(PAGE.read_text(), table(reports)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
