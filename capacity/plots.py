"""Pictures of a comparison: pods and queue over time, one PNG per trace."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from capacity.simulation import Outcome

_INCHES = (10.0, 6.0)
_DOTS_PER_INCH = 110


def draw(outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Write `<trace>.png` for each trace among the outcomes. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    names = dict.fromkeys(outcome.trace for outcome in outcomes)
    return [_picture([found for found in outcomes if found.trace == name], folder / f"{name}.png") for name in names]


def _picture(outcomes: Sequence[Outcome], target: Path) -> Path:
    figure = Figure(figsize=_INCHES, layout="constrained")
    pods, queue = figure.subplots(2, 1, sharex=True)
    for outcome in outcomes:
        hours = [now / 3600 for now, _, _, _ in outcome.history]
        pods.plot(hours, [existing for _, _, existing, _ in outcome.history], label=outcome.rule, linewidth=1.2)
        queue.plot(hours, [queued for _, _, _, queued in outcome.history], label=outcome.rule, linewidth=1.2)
    pods.set_title(outcomes[0].trace)
    pods.set_ylabel("pods, draining ones included")
    queue.set_ylabel("queued tasks")
    queue.set_xlabel("hours")
    pods.legend(loc="upper right")
    figure.savefig(target, dpi=_DOTS_PER_INCH)  # pyright: ignore[reportUnknownMemberType] - its own annotation
    return target
