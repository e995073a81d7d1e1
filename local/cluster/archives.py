"""Images of the cluster's own pods: one program each, packed straight from its file."""

import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass
from pathlib import Path

from local.cluster.layout import REGISTRY_NAME

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class SystemImage:
    """An image with one program, and links to it under other names."""

    name: str
    program: Path
    target: str
    links: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()

    def reference(self) -> str:
        """The name with a tag that changes with the program."""
        return f"{REGISTRY_NAME}/system/{self.name}:{_file_hash(self.program)[:16]}"


def system_images(bin_folder: Path) -> dict[str, SystemImage]:
    """Every image the cluster itself needs, by name."""
    images = (
        SystemImage(name="pause", program=bin_folder / "pause", target="pause", entrypoint=("/pause",)),
        SystemImage(name="coredns", program=bin_folder / "coredns", target="coredns", entrypoint=("/coredns",)),
        SystemImage(
            name="local-path-provisioner",
            program=bin_folder / "local-path-provisioner",
            target="local-path-provisioner",
            entrypoint=("/local-path-provisioner",),
        ),
        SystemImage(
            name="busybox",
            program=bin_folder / "busybox",
            target="bin/busybox",
            links=tuple(f"bin/{name}" for name in ("sh", "mkdir", "rm", "cat", "nslookup", "wget", "sleep")),
        ),
    )
    return {image.name: image for image in images}


def write_archive(image: SystemImage, folder: Path) -> Path:
    """Write the image as `docker load` and `ctr images import` read it; the same input, the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{image.name}.tar"
    layer = _layer(image)
    layer_digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": _ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": {"Entrypoint": list(image.entrypoint) or None, "Env": ["PATH=/bin:/"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        }
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    layer_name = f"{layer_digest}/layer.tar"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [image.reference()], "Layers": [layer_name]}]).encode()
    fresh = target.with_suffix(".new")
    with tarfile.open(fresh, "w") as archive:
        for name, content in ((config_name, config), (layer_name, layer), ("manifest.json", manifest)):
            _add(archive, name, content, 0o644)
    fresh.replace(target)
    return target


def _layer(image: SystemImage) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        folders = {str(Path(name).parent) for name in (image.target, *image.links)} - {"."}
        for name, mode in (*((folder, 0o755) for folder in sorted(folders)), ("tmp", 0o1777)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            layer.addfile(entry)
        _add(layer, image.target, image.program.read_bytes(), 0o755)
        for name in image.links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, f"/{image.target}", 0o777
            layer.addfile(entry)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _file_hash(path: Path) -> str:
    with path.open("rb") as program:
        return hashlib.file_digest(program, "sha256").hexdigest()
