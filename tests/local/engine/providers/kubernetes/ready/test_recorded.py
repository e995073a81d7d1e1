"""Objects as Kubernetes 1.36 gave them: a rollout, and pods that crash, miss an image, a secret or a place."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.engine.providers.kubernetes.ready.evidence import PodEvidence, render
from local.engine.providers.kubernetes.ready.pods import describe, is_ready, troubles
from local.engine.providers.kubernetes.ready.verdict import Around, State
from local.engine.providers.kubernetes.ready.workloads import deployment

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 22, 4, 53, 55, tzinfo=UTC)


def test_a_rollout_waits_and_then_is_ready() -> None:
    verdicts = [deployment(live, Around(now=NOW)) for live in RECORDED["rollout"]]
    assert [verdict.state for verdict in verdicts] == [State.WAITING, State.READY]
    assert is_ready(RECORDED["pod-rollout"])
    assert troubles(RECORDED["pod-rollout"], NOW) == []


@pytest.mark.parametrize(
    ("name", "words", "problem", "stuck"),
    [
        ("crash", "Error (main)", "container main: Error, last exit code 3, restarted 3 times", True),
        ("noimage", "ErrImagePull (main)", "container main: ErrImagePull: failed to pull and unpack image", True),
        (
            "nosecret",
            "CreateContainerConfigError (main)",
            'container main: CreateContainerConfigError: secret "not-there" not found',
            True,
        ),
        ("toobig", "Unschedulable", "Unschedulable: 0/1 nodes are available: 1 Insufficient memory.", False),
    ],
)
def test_a_bad_pod_is_told(name: str, words: str, problem: str, stuck: bool) -> None:
    pod = RECORDED[f"pod-{name}"]
    found = troubles(pod, NOW)
    assert describe(pod, NOW).endswith(f" {words}")
    assert str(found[0]).startswith(problem)
    assert [trouble.stuck for trouble in found] == [stuck]


def test_the_message_of_a_crashing_deployment() -> None:
    pod = RECORDED["pod-crash"]
    evidence = PodEvidence(
        name=pod["metadata"]["name"],
        state="",
        problems=tuple(troubles(pod, NOW)),
        logs=(("main", "cannot find the database\n"),),
    )
    told = render("Deployment shop/crash failed", [evidence], RECORDED["events-crash"], NOW)
    assert "  Pod crash-9c989864b-6jd2z: container main: Error, last exit code 3, restarted 3 times\n" in told
    assert "      cannot find the database\n" in told
    assert "Warning BackOff, Pod crash-9c989864b-6jd2z" in told
