"""The command lines that buildah and mmdebstrap get."""

from pathlib import Path

import pytest

from local.cluster.layout import REGISTRY_ADDRESS, REGISTRY_NAME
from local.images import commands
from local.images.base import BASE_REFERENCE, bootstrap_command, recipe
from local.images.context import BuildRequest
from local.images.registry import LOCAL_ADDRESS, LOCAL_REGISTRY, destination, is_local
from local.images.store import Store


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("ARG BASE\nFROM ${BASE} AS build\nARG SSL_CERT_FILE\nARG XDG_CACHE_HOME\n")
    return BuildRequest(
        image_name="airflow-platform.local/tiny:1", context=context, dockerfile=context / "Dockerfile", args={"NO": "1"}
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def pairs(command: list[str], option: str) -> list[str]:
    return [command[number + 1] for number, word in enumerate(command) if word == option]


def test_a_build_is_reproducible_and_leaves_the_machines_own_storage_alone(
    store: Store, request_: BuildRequest, tmp_path: Path
) -> None:
    command = commands.build_command(store, request_, fresh=False)
    assert command[0] == "buildah"
    assert pairs(command, "--root") == [str(store.storage / "root")]
    assert pairs(command, "--runroot") == [str(store.storage / "run")]
    assert pairs(command, "--timestamp") == ["0"]
    assert "--layers" in command
    assert "--force-rm" in command
    assert "--no-cache" not in command
    assert command[-3:] == ["--tag", "localhost/layers/tiny", str(request_.context)]


def test_earlier_stages_are_kept_under_names_of_their_own(store: Store, request_: BuildRequest) -> None:
    assert commands.stage_requests(request_) == []
    request_.dockerfile.write_text("FROM a AS build\nFROM b\nFROM c as packed\nFROM ${BASE}\n")
    stages = commands.stage_requests(request_)
    assert [stage.target for stage in stages] == ["build", "packed"]
    command = commands.build_command(store, stages[0], fresh=False)
    assert pairs(command, "--tag") == ["localhost/layers/tiny-build"]
    assert pairs(command, "--target") == ["build"]
    assert commands.stage_requests(stages[0]) == []


def test_sealing_takes_away_what_differs_between_builds(store: Store, request_: BuildRequest, tmp_path: Path) -> None:
    start, config, commit = commands.seal_commands(store, request_, tmp_path / "id")
    assert start[-1] == commands.layered_tag(request_)
    assert pairs(config, "--annotation") == [
        "org.opencontainers.image.base.name-",
        "org.opencontainers.image.base.digest-",
    ]
    assert "--omit-history" in commit
    assert pairs(commit, "--timestamp") == ["0"]
    assert commit[-1] == "airflow-platform.local/tiny:1"


def test_a_fresh_build_uses_no_layer(store: Store, request_: BuildRequest, tmp_path: Path) -> None:
    assert "--no-cache" in commands.build_command(store, request_, fresh=True)


def test_only_declared_arguments_are_passed(store: Store, request_: BuildRequest, tmp_path: Path) -> None:
    command = commands.build_command(store, request_, fresh=False)
    assert pairs(command, "--build-arg") == [f"BASE={BASE_REFERENCE}", "XDG_CACHE_HOME=/mnt/cache"]
    store.shared.mkdir(parents=True)
    (store.shared / "ca.pem").write_text("x")
    command = commands.build_command(store, request_, fresh=False)
    assert "SSL_CERT_FILE=/mnt/ca.pem" in pairs(command, "--build-arg")


def test_our_base_is_never_looked_for_elsewhere_and_another_is(
    store: Store, request_: BuildRequest, tmp_path: Path
) -> None:
    assert "--pull-never" in commands.build_command(store, request_, fresh=False)
    other = BuildRequest(
        image_name=request_.image_name,
        context=request_.context,
        dockerfile=request_.dockerfile,
        args={"BASE": "debian:trixie-slim"},
        platform="linux/amd64",
        target="build",
    )
    command = commands.build_command(store, other, fresh=False)
    assert "--pull-never" not in command
    assert "BASE=debian:trixie-slim" in pairs(command, "--build-arg")
    assert pairs(command, "--platform") == ["linux/amd64"]
    assert pairs(command, "--target") == ["build"]


def test_the_ignore_file_is_named(store: Store, request_: BuildRequest, tmp_path: Path) -> None:
    assert not pairs(commands.build_command(store, request_, fresh=False), "--ignorefile")
    ignore = request_.context / "Dockerfile.dockerignore"
    ignore.write_text("*")
    command = commands.build_command(store, request_, fresh=False)
    assert pairs(command, "--ignorefile") == [str(ignore)]


def test_a_push_goes_to_where_the_local_registry_really_is(store: Store, tmp_path: Path) -> None:
    command = commands.push_command(store, "airflow-platform.local/tiny:1", tmp_path / "digest", None)
    assert command[-2:] == ["airflow-platform.local/tiny:1", "docker://127.0.0.1:5350/tiny:1"]
    assert "--tls-verify=false" in command


def test_a_push_elsewhere_checks_the_certificate(store: Store, tmp_path: Path) -> None:
    login = tmp_path / "auth.json"
    command = commands.push_command(store, "registry.example.com/a/tiny:1", tmp_path / "digest", login)
    assert command[-1] == "docker://registry.example.com/a/tiny:1"
    assert "--tls-verify=false" not in command
    assert pairs(command, "--authfile") == [str(login)]


def test_a_registry_whose_name_only_starts_like_ours_is_another() -> None:
    assert is_local("airflow-platform.local/a@sha256:0")
    assert not is_local("airflow-platform.local.example.com/a")
    assert destination("x/airflow-platform.local/a") == "x/airflow-platform.local/a"


def test_the_base_is_the_smallest_debian_without_manuals() -> None:
    command = bootstrap_command(Path("out.tar"))
    assert command[0] == "mmdebstrap"
    assert command[-2:] == ["trixie", "out.tar"]
    assert "--variant=minbase" in command
    assert "--dpkgopt=path-exclude=/usr/share/man/*" in command
    assert not [word for word in command if "://" in word]
    assert recipe() == recipe()


def test_the_cluster_serves_the_registry_where_images_are_pushed() -> None:
    assert (LOCAL_REGISTRY, LOCAL_ADDRESS) == (REGISTRY_NAME, REGISTRY_ADDRESS)
