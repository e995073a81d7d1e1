"""A tiny image is really built, pushed to the local registry, read back, and found again without a build."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.errors import LocalError
from local.images import registry
from local.images.builder import ImageBuilder
from local.images.context import BuildRequest
from local.images.store import release_mounts

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        "ARG BASE=debian:trixie-slim\nFROM ${BASE}\nRUN date > /made\nCOPY word /word\nUSER 10099:10099\n"
    )
    (folder / "word").write_text("one\n")
    return folder


@pytest.fixture
def builder() -> Iterator[ImageBuilder]:
    found = ImageBuilder()
    yield found
    found.store.record("e2e-tiny").unlink(missing_ok=True)
    forget = found.store.buildah("rmi", f"{registry.LOCAL_REGISTRY}/e2e-tiny:1", "localhost/layers/e2e-tiny")
    subprocess.run(forget, env=found.store.environment(), capture_output=True, check=False)
    release_mounts(found.store)


def request_for(context: Path) -> BuildRequest:
    return BuildRequest(
        image_name=f"{registry.LOCAL_REGISTRY}/e2e-tiny:1", context=context, dockerfile=context / "Dockerfile"
    )


def user_of(reference: str) -> str:
    repository, _, digest = reference.partition("/")[2].partition("@")
    url = f"http://{registry.LOCAL_ADDRESS}/v2/{repository}"
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    manifest = httpx.get(f"{url}/manifests/{digest}", headers=accept).raise_for_status().json()
    config = httpx.get(f"{url}/blobs/{manifest['config']['digest']}", follow_redirects=True).raise_for_status().json()
    return config["config"]["User"]


def test_build_push_and_find_again(builder: ImageBuilder, context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    request = request_for(context)
    first = builder.build_and_push(request, notes.append)
    assert registry.holds(first) is True
    assert user_of(first) == "10099:10099"
    assert any(note.startswith("step ") for note in notes)
    assert "pushing" in notes

    with monkeypatch.context() as without_programs:
        without_programs.setenv("PATH", "")
        assert builder.build_and_push(request, notes.append) == first

    (context / "word").write_text("two\n")
    second = builder.build_and_push(request, notes.append)
    assert second != first
    (context / "word").write_text("one\n")
    # The step before the copy is kept, times are rewritten: the same input gives the same digest again.
    assert builder.build_and_push(request, notes.append) == first


def test_a_build_from_nothing_gives_the_same_digest(builder: ImageBuilder, context: Path) -> None:
    dockerfile = context / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("date > /made", "echo made > /made"))
    request = request_for(context)
    first = builder.build_and_push(request, lambda _: None)
    assert builder.build_and_push(request, lambda _: None, fresh=True) == first


def test_a_failing_build_tells_why_and_leaves_the_last_image(builder: ImageBuilder, context: Path) -> None:
    request = request_for(context)
    good = builder.build_and_push(request, lambda _: None)
    dockerfile = context / "Dockerfile"
    text = dockerfile.read_text()
    dockerfile.write_text(text.replace("USER", "RUN echo it broke here >&2; exit 7\nUSER"))
    with pytest.raises(LocalError) as raised:
        builder.build_and_push(request, lambda _: None)
    assert "Building image e2e-tiny failed" in str(raised.value)
    assert "it broke here" in str(raised.value)
    assert registry.holds(good) is True
    dockerfile.write_text(text)
    assert builder.build_and_push(request, lambda _: None) == good


def test_no_mount_stays_behind(builder: ImageBuilder, context: Path) -> None:
    builder.build_and_push(request_for(context), lambda _: None)
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    assert os.fspath(builder.store.storage) not in mounts
