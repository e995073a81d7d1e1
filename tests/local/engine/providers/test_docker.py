"""Which images the engine would build, judged against real folders; nothing is built here."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.engine.providers.base import UNKNOWN, Created, Properties, ProviderError, StepContext
from local.engine.providers.docker import IMAGE, DockerProvider
from local.images import registry
from local.images.builder import ImageBuilder
from local.images.context import BuildRequest
from local.images.store import Store

REFERENCE = "airflow-platform.local/tiny@sha256:" + "a" * 64


class Bench:
    """A provider over a folder of its own, with what it builds from."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        (self.root / "images/tiny").mkdir(parents=True)
        self.file("Dockerfile", "ARG BASE=x\nFROM ${BASE}\n")
        store = Store(folder / "store")
        store.prepare()
        self.builder = ImageBuilder(store)
        self.provider = DockerProvider(self.builder, self.root)

    def file(self, name: str, text: str) -> None:
        (self.root / "images/tiny" / name).write_text(text)

    def context(self, *, preview: bool = True, type: str = IMAGE) -> StepContext:  # noqa: A002
        return StepContext(
            urn="urn:x",
            type=type,
            name="tiny",
            preview=preview,
            timeout=None,
            provider_config={},
            report=lambda _: None,
        )

    def inputs(self, **build: Any) -> Properties:
        return {
            "build": {"context": "images/tiny", "dockerfile": "images/tiny/Dockerfile", **build},
            "buildOnPreview": False,
            "imageName": "airflow-platform.local/tiny:1",
        }

    def checked(self, **build: Any) -> Properties:
        return self.provider.check(self.context(), None, self.inputs(**build))

    def built(self) -> tuple[Created, Properties]:
        """As after a build of the folder as it is now."""
        inputs = self.checked()
        request = BuildRequest(
            image_name=inputs["imageName"],
            context=self.root / "images/tiny",
            dockerfile=self.root / "images/tiny/Dockerfile",
        )
        record = {
            "imageName": inputs["imageName"],
            "fingerprint": self.builder.fingerprint(request),
            "reference": REFERENCE,
        }
        self.builder.store.record("tiny").write_text(json.dumps(record))
        return Created(id=REFERENCE, outputs={"repoDigest": REFERENCE}), inputs


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """What the registry holds."""
    references = {REFERENCE: True}
    monkeypatch.setattr(registry, "holds", references.__getitem__)
    return references


def test_check_adds_defaults_and_the_digest_of_the_context(bench: Bench) -> None:
    checked = bench.provider.check(bench.context(), None, {"imageName": "a/b:1", "build": {"context": "images/tiny"}})
    assert checked["skipPush"] is False
    assert checked["build"]["dockerfile"] == "images/tiny/Dockerfile"
    assert len(checked["build"]["contextDigest"]) == 64
    assert bench.checked()["build"]["contextDigest"] == checked["build"]["contextDigest"]
    bench.file("more.txt", "x")
    assert bench.checked()["build"]["contextDigest"] != checked["build"]["contextDigest"]


def test_check_tells_every_fault_at_once(bench: Bench) -> None:
    with pytest.raises(ProviderError) as raised:
        bench.provider.check(bench.context(), None, {"build": {"contxt": ".", "network": "host"}})
    for part in ("imageName is missing", "build.contxt", "build.network is not served"):
        assert part in str(raised.value)


def test_check_names_a_folder_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(ProviderError, match="images/none: no such folder"):
        bench.checked(context="images/none")


def test_another_resource_of_the_package_is_refused(bench: Bench) -> None:
    with pytest.raises(ProviderError, match="docker:index/container:Container"):
        bench.provider.check(bench.context(type="docker:index/container:Container"), None, {})


def test_an_unchanged_image_is_the_same(bench: Bench, held: dict[str, bool]) -> None:
    old, inputs = bench.built()
    assert bench.provider.diff(bench.context(), old, inputs, bench.checked()).is_same


@pytest.mark.parametrize(
    ("news", "path"),
    [
        ({"args": {"BASE": "y"}}, "build.args.BASE"),
        ({"target": "x"}, "build.target"),
        ({"platform": "linux/arm64"}, "build.platform"),
    ],
)
def test_a_changed_input_is_named(bench: Bench, held: dict[str, bool], news: dict[str, Any], path: str) -> None:
    old, inputs = bench.built()
    diff = bench.provider.diff(bench.context(), old, inputs, bench.checked(**news))
    assert set(diff.changed) == {path}
    assert not diff.replace


def test_a_changed_file_is_a_changed_context(bench: Bench, held: dict[str, bool]) -> None:
    old, inputs = bench.built()
    bench.file("Dockerfile", "ARG BASE=x\nFROM ${BASE}\nRUN true\n")
    assert set(bench.provider.diff(bench.context(), old, inputs, bench.checked()).changed) == {"build.contextDigest"}


def test_a_new_password_of_the_registry_builds_nothing(bench: Bench, held: dict[str, bool]) -> None:
    old, inputs = bench.built()
    login = {"server": "r.example.com", "username": "u", "password": "one"}
    before = {**inputs, "registry": login}
    after = {**bench.checked(), "registry": {**login, "password": "two"}}
    assert bench.provider.diff(bench.context(), old, before, after).is_same


def test_an_image_gone_from_the_registry_is_built_again(bench: Bench, held: dict[str, bool]) -> None:
    old, inputs = bench.built()
    held[REFERENCE] = False
    diff = bench.provider.diff(bench.context(), old, inputs, bench.checked())
    assert diff.changed == {"repoDigest": (REFERENCE, UNKNOWN)}
    assert bench.provider.read(bench.context(), REFERENCE, inputs) is None


def test_a_base_made_afresh_is_built_upon(bench: Bench, held: dict[str, bool]) -> None:
    old, inputs = bench.built()
    record = bench.builder.store.record("tiny")
    record.write_text(json.dumps({**json.loads(record.read_text()), "fingerprint": "of another base"}))
    assert set(bench.provider.diff(bench.context(), old, inputs, bench.checked()).changed) == {"repoDigest"}


def test_a_preview_knows_the_digest_of_what_is_there(bench: Bench, held: dict[str, bool]) -> None:
    _, inputs = bench.built()
    created = bench.provider.create(bench.context(), inputs)
    assert created.id == ""
    assert created.outputs["repoDigest"] == REFERENCE
    assert created.outputs["registryServer"] == "airflow-platform.local"
    assert created.outputs["imageName"] == created.outputs["baseImageName"] == "airflow-platform.local/tiny:1"


def test_a_preview_does_not_know_the_digest_of_what_it_would_build(bench: Bench, held: dict[str, bool]) -> None:
    old, inputs = bench.built()
    bench.file("more.txt", "x")
    updated = bench.provider.update(bench.context(), old, inputs, bench.checked())
    assert updated.outputs["repoDigest"] is UNKNOWN


def test_a_preview_with_an_unknown_argument_promises_nothing(bench: Bench, held: dict[str, bool]) -> None:
    bench.built()
    inputs = bench.checked(args={"BASE": UNKNOWN})
    assert bench.provider.create(bench.context(), inputs).outputs["repoDigest"] is UNKNOWN


def test_a_build_that_cannot_start_is_a_provider_error(
    bench: Bench, held: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProviderError, match="buildah is not installed"):
        bench.provider.create(bench.context(preview=False), bench.checked())


def test_reading_and_deleting_touch_nothing(bench: Bench, held: dict[str, bool]) -> None:
    old, inputs = bench.built()
    bench.provider.delete(bench.context(preview=False), old, inputs)
    read = bench.provider.read(bench.context(), REFERENCE, inputs)
    assert read is not None
    assert read.outputs["repoDigest"] == REFERENCE


def test_no_function_is_served(bench: Bench) -> None:
    with pytest.raises(ProviderError, match="getImage"):
        bench.provider.invoke("docker:index/getImage:getImage", {}, {})
