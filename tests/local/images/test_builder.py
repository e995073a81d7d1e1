"""What the builder decides without building: what is current, what is outdated, what cannot be built."""

import json
import shutil
from pathlib import Path

import pytest

from local.errors import PreflightError
from local.images import builder as module
from local.images import registry
from local.images.base import recipe
from local.images.builder import ImageBuilder
from local.images.context import BuildRequest
from local.images.store import Store

REFERENCE = "airflow-platform.local/tiny@sha256:" + "a" * 64


@pytest.fixture
def builder(tmp_path: Path) -> ImageBuilder:
    store = Store(tmp_path / "store")
    store.prepare()
    return ImageBuilder(store)


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("ARG BASE=x\nFROM ${BASE}\n")
    return BuildRequest(image_name="airflow-platform.local/tiny:1", context=context, dockerfile=context / "Dockerfile")


def remember(builder: ImageBuilder, request: BuildRequest) -> None:
    record = {
        "imageName": request.image_name,
        "fingerprint": builder.fingerprint(request),
        "reference": REFERENCE,
    }
    builder.store.record(request.label).write_text(json.dumps(record))


def answer(monkeypatch: pytest.MonkeyPatch, *, held: bool | None) -> None:
    def holds(reference: str) -> bool | None:
        assert reference == REFERENCE
        return held

    monkeypatch.setattr(registry, "holds", holds)


def test_an_image_never_built_is_not_current(builder: ImageBuilder, request_: BuildRequest) -> None:
    assert builder.current(request_) is None
    assert not builder.is_outdated(request_, REFERENCE)


@pytest.mark.parametrize(("held", "expected"), [(True, REFERENCE), (False, None), (None, REFERENCE)])
def test_what_the_registry_lost_is_not_current(
    builder: ImageBuilder,
    request_: BuildRequest,
    monkeypatch: pytest.MonkeyPatch,
    held: bool | None,
    expected: str | None,
) -> None:
    remember(builder, request_)
    answer(monkeypatch, held=held)
    assert builder.current(request_) == expected


def test_an_unchanged_image_is_returned_without_any_program(
    builder: ImageBuilder, request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(builder, request_)
    answer(monkeypatch, held=True)
    monkeypatch.setenv("PATH", "")
    assert builder.build_and_push(request_, print) == REFERENCE


def test_a_changed_context_is_outdated(
    builder: ImageBuilder, request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(builder, request_)
    answer(monkeypatch, held=True)
    (request_.context / "new.txt").write_text("x")
    assert builder.current(request_) is None
    assert builder.is_outdated(request_, REFERENCE)
    assert not builder.is_outdated(request_, "airflow-platform.local/tiny@sha256:" + "b" * 64)


def test_another_base_makes_another_image_but_not_of_a_foreign_base(
    builder: ImageBuilder, request_: BuildRequest
) -> None:
    foreign = BuildRequest(
        image_name=request_.image_name,
        context=request_.context,
        dockerfile=request_.dockerfile,
        args={"BASE": "debian:trixie-slim"},
    )
    ours, theirs = builder.fingerprint(request_), builder.fingerprint(foreign)
    (builder.store.base / "base.json").write_text(json.dumps({"recipe": recipe(), "archive": "1" * 64}))
    assert builder.fingerprint(request_) != ours
    assert builder.fingerprint(foreign) == theirs
    builder.refresh_base()
    assert builder.fingerprint(request_) == ours


def test_a_base_by_an_old_recipe_does_not_count(builder: ImageBuilder, request_: BuildRequest) -> None:
    before = builder.fingerprint(request_)
    (builder.store.base / "base.json").write_text(json.dumps({"recipe": "old", "archive": "1" * 64}))
    assert builder.fingerprint(request_) == before


def test_a_broken_record_is_no_record(builder: ImageBuilder, request_: BuildRequest) -> None:
    builder.store.record(request_.label).write_text("{")
    assert builder.current(request_) is None


def test_everything_that_prevents_a_build_is_told_at_once(
    builder: ImageBuilder, request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(registry, "answers", lambda: False)
    nearly_full = shutil.disk_usage(builder.store.folder)._replace(free=2**30)

    def disk_usage(_: Path) -> object:
        return nearly_full

    monkeypatch.setattr(module.shutil, "disk_usage", disk_usage)
    with pytest.raises(PreflightError) as raised:
        builder.build_and_push(request_, print)
    message = str(raised.value)
    for part in ("buildah", "mmdebstrap", "root", "1.0 GiB are free", "registry does not answer"):
        assert part in message
    assert "airflow-platform.local/tiny:1" in message


def test_a_registry_that_is_down_is_neither_a_yes_nor_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    # Port 1 of the loopback address: nothing listens there.
    monkeypatch.setattr(registry, "LOCAL_ADDRESS", "127.0.0.1:1")
    assert registry.holds(REFERENCE) is None
    assert not registry.answers()
    assert registry.holds("registry.example.com/a@sha256:00") is None
