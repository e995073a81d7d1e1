"""Images begun before there is a registry."""

from pathlib import Path

import pytest

from local.errors import LocalError
from local.images import process
from local.images.ahead import AHEAD, built_ahead
from local.images.builder import ImageBuilder
from local.images.catalogue import load_catalogue
from local.images.context import BuildRequest
from local.images.registry import RegistryLogin
from local.images.store import Store
from local.progress import SilentReporter


class Recorder(ImageBuilder):
    """Takes down what it is to build, and fails where it is told to."""

    def __init__(self, folder: Path, fails: str = "") -> None:
        super().__init__(Store(folder))
        self.fails = fails
        self.asked: dict[str, bool] = {}

    def build_and_push(
        self,
        request: BuildRequest,
        note: process.Note,
        *,
        login: RegistryLogin | None = None,
        push: bool = True,
        fresh: bool = False,
    ) -> str:
        self.asked[request.label] = push
        if request.label == self.fails:
            raise LocalError(f"Building image {request.label} failed.\nmany lines")
        return request.image_name


class Warnings(SilentReporter):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def warn(self, text: str) -> None:
        self.heard.append(text)


def test_the_slowest_images_are_built_and_not_pushed(tmp_path: Path) -> None:
    builder = Recorder(tmp_path)
    with built_ahead(SilentReporter(), builder):
        pass
    assert builder.asked == dict.fromkeys(AHEAD, False)


def test_they_are_of_the_catalogue() -> None:
    assert set(AHEAD) <= {entry.name for entry in load_catalogue()}


def test_one_that_fails_is_told_of_and_no_more(tmp_path: Path) -> None:
    reporter = Warnings()
    builder = Recorder(tmp_path, fails=AHEAD[0])
    with built_ahead(reporter, builder):
        pass
    assert reporter.heard == [f"Building image {AHEAD[0]} failed. It is built again when it is needed."]
    assert AHEAD[1] in builder.asked


def test_the_work_beside_it_fails_as_it_would_alone(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no disk"), built_ahead(SilentReporter(), Recorder(tmp_path)):
        raise LocalError("no disk")
