from pathlib import Path

import pytest

from components.images.catalogue import NAMES, locked, overridden, read_catalogue, read_lock
from local import paths
from settings.stack import ImageSettings

FOLDER = paths.checkout() / "images"
DIGEST = "sha256:" + "0" * 64
OTHER = f"ghcr.example.com/valkey@sha256:{'1' * 64}"


def test_the_catalogue_lists_exactly_what_pods_run_and_each_can_be_built() -> None:
    catalogue = read_catalogue(FOLDER)
    assert set(catalogue) == set(NAMES)
    for entry in catalogue.values():
        assert (paths.checkout() / entry.context).is_dir()
        assert (paths.checkout() / entry.dockerfile).is_file()


def test_references_are_the_registry_the_name_and_the_locked_digest() -> None:
    settings = ImageSettings(registry="registry.example.com/a")
    assert locked(settings, dict.fromkeys(NAMES, DIGEST))["airflow"] == f"registry.example.com/a/airflow@{DIGEST}"


def test_an_override_wins() -> None:
    settings = ImageSettings(overrides={"valkey": OTHER})
    assert locked(settings, dict.fromkeys(NAMES, DIGEST))["valkey"] == OTHER


def test_a_missing_digest_names_every_image_and_the_ways_out() -> None:
    lock = {name: DIGEST for name in NAMES if name not in {"edge", "postgres"}}
    with pytest.raises(ValueError, match=r"no digest of edge, postgres\. Build and push them .* images\.overrides"):
        locked(ImageSettings(), lock)


def test_an_override_stands_in_for_a_missing_digest() -> None:
    lock = {name: DIGEST for name in NAMES if name != "valkey"}
    assert locked(ImageSettings(overrides={"valkey": OTHER}), lock)["valkey"] == OTHER


def test_an_override_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"images\.overrides\.redis: there is no such image\. Known are .*valkey"):
        overridden(ImageSettings(overrides={"redis": OTHER}))


def test_nothing_built_yet_is_an_empty_lock(tmp_path: Path) -> None:
    assert read_lock(tmp_path) == {}
