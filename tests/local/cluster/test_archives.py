import hashlib
import io
import json
import tarfile
from pathlib import Path

from local.cluster.archives import SystemImage, system_images, write_archive


def image(tmp_path: Path, content: bytes = b"program") -> SystemImage:
    program = tmp_path / "program"
    program.write_bytes(content)
    return SystemImage(name="tool", program=program, target="bin/tool", links=("bin/sh",), entrypoint=("/x",))


def test_an_archive_holds_the_program_its_links_and_matching_digests(tmp_path: Path) -> None:
    subject = image(tmp_path)
    with tarfile.open(write_archive(subject, tmp_path / "out")) as archive:

        def read(name: str) -> bytes:
            member = archive.extractfile(name)
            assert member is not None
            return member.read()

        (manifest,) = json.loads(read("manifest.json"))
        config = read(manifest["Config"])
        (layer_name,) = manifest["Layers"]
        layer = read(layer_name)
    assert manifest["RepoTags"] == [subject.reference()]
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert json.loads(config)["config"]["Entrypoint"] == ["/x"]
    with tarfile.open(fileobj=io.BytesIO(layer)) as content:
        assert content.getmember("bin/tool").mode == 0o755
        assert content.getmember("bin/sh").linkname == "/bin/tool"
        assert content.getmember("tmp").mode == 0o1777


def test_the_same_program_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write_archive(image(tmp_path), tmp_path / "one").read_bytes()
    assert write_archive(image(tmp_path), tmp_path / "two").read_bytes() == first


def test_the_tag_changes_with_the_program(tmp_path: Path) -> None:
    first = image(tmp_path, b"one").reference()
    assert image(tmp_path, b"two").reference() != first
    assert first.startswith("airflow-platform.local/system/tool:")


def test_the_cluster_needs_four_images(tmp_path: Path) -> None:
    assert set(system_images(tmp_path)) == {"pause", "coredns", "local-path-provisioner", "busybox"}
