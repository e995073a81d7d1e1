from local.engine.providers.kubernetes.ready.evidence import PodEvidence, bad_pods, render, tidy
from local.engine.providers.kubernetes.ready.pods import troubles
from local.engine.providers.kubernetes.ready.verdict import Around
from tests.local.engine.providers.kubernetes.ready.shapes import (
    CRASHING_POD,
    NO_ROOM_POD,
    NOW,
    PULLING_POD,
    READY_POD,
    Obj,
)

EVENT: Obj = {
    "type": "Warning",
    "reason": "BackOff",
    "message": "Back-off restarting failed\ncontainer web",
    "involvedObject": {"kind": "Pod", "name": "web-2"},
    "lastTimestamp": "2026-01-01T11:59:48Z",
    "count": 6,
}


def test_the_message_shows_the_pod_its_last_words_and_the_events() -> None:
    pod = PodEvidence(
        name="web-2",
        state="web-2 CrashLoopBackOff (web)",
        problems=tuple(troubles(CRASHING_POD, NOW)),
        logs=(("web (previous run)", "starting\n\x1b[31mno database\x1b[0m\n"),),
    )
    assert render("Deployment shop/web is not ready after 600 s", [pod], [EVENT], NOW).splitlines() == [
        "Deployment shop/web is not ready after 600 s",
        "  Pod web-2: container web: CrashLoopBackOff, last exit code 1, restarted 4 times",
        "    last log lines of web (previous run):",
        "      starting",
        "      no database",
        "  Last events:",
        "    12 s ago, Warning BackOff, Pod web-2 (x6): Back-off restarting failed container web",
    ]


def test_a_pod_without_trouble_shows_its_state() -> None:
    told = render("x", [PodEvidence(name="a", state="a starting", logs=(("web", ""),))], [], NOW)
    assert told.splitlines() == ["x", "  Pod a: a starting", "    last log lines of web:", "      (nothing written)"]


def test_logs_are_cut_to_the_last_lines_and_to_a_width() -> None:
    lines = tidy("\n".join(f"line {number}" for number in range(100)) + "\n" + "x" * 1000 + "\n\n")
    assert len(lines) == 20
    assert lines[0] == "line 81"
    assert len(lines[-1]) == 400


def test_troubled_pods_come_first_and_ready_ones_not_at_all() -> None:
    around = Around(now=NOW, pods=(READY_POD, PULLING_POD, CRASHING_POD), stale_pods=(NO_ROOM_POD,))
    assert [pod["metadata"]["name"] for pod in bad_pods(around)] == ["web-2", "web-5", "web-3"]
