"""The tools: which module each comes from and which programs it gives."""

import re
from dataclasses import dataclass
from pathlib import Path

from local import paths

GO_FOLDER = Path(__file__).parent / "go"
C_FOLDER = Path(__file__).parent / "c"
PAUSE = "pause"

_KUBERNETES = "k8s.io/kubernetes"
_CNI = "github.com/containernetworking/plugins"
_CONTAINERD = "github.com/containerd/containerd/v2"


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program of a tool: the name of its file and the package of its main function."""

    name: str
    package: str

    @property
    def built_as(self) -> str:
        """The file name that `go build` gives it: the last part of the path that is no version."""
        parts = [part for part in self.package.split("/") if not re.fullmatch(r"v\d+", part)]
        return parts[-1]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One Go module folder under `go/`; its go.mod and go.sum are the pin.

    `stamps` are linker variables; `{version}`, `{major}` and `{minor}` are filled in from go.mod.
    """

    name: str
    module: str
    programs: tuple[Program, ...]
    stamps: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> Path:
        """Where go.mod, go.sum and, for some, a main.go lie."""
        return GO_FOLDER / self.name


def _programs(prefix: str, *names: str) -> tuple[Program, ...]:
    return tuple(Program(name=name.rpartition("/")[2], package=f"{prefix}/{name}") for name in names)


def _own_main(name: str) -> tuple[Program, ...]:
    return (Program(name=name, package=f"airflow-platform.local/toolchain/{name}"),)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="kubernetes",
        module=_KUBERNETES,
        programs=_programs(
            f"{_KUBERNETES}/cmd",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubeadm",
            "kubectl",
            "kubelet",
        ),
        # Without a version of its own kubeadm refuses to work.
        stamps=(
            ("k8s.io/component-base/version.gitVersion", "{version}"),
            ("k8s.io/component-base/version.gitMajor", "{major}"),
            ("k8s.io/component-base/version.gitMinor", "{minor}"),
        ),
    ),
    Tool(
        name="local-path-provisioner",
        module="github.com/rancher/local-path-provisioner",
        programs=_programs("github.com/rancher", "local-path-provisioner"),
        stamps=(("main.VERSION", "{version}"),),
    ),
    Tool(
        name="containerd",
        module=_CONTAINERD,
        programs=_programs(f"{_CONTAINERD}/cmd", "containerd", "containerd-shim-runc-v2", "ctr"),
        stamps=((f"{_CONTAINERD}/version.Version", "{version}"),),
    ),
    Tool(name="coredns", module="github.com/coredns/coredns", programs=_own_main("coredns")),
    Tool(
        name="etcd",
        module="go.etcd.io/etcd/server/v3",
        programs=(Program(name="etcd", package="go.etcd.io/etcd/server/v3"),),
    ),
    Tool(name="registry", module="github.com/distribution/distribution/v3", programs=_own_main("registry")),
    Tool(
        name="cni",
        module=_CNI,
        programs=_programs(f"{_CNI}/plugins", "main/ptp", "main/loopback", "ipam/host-local", "meta/portmap"),
    ),
)
"""What takes longest to build comes first."""


def tool(name: str) -> Tool:
    """The tool of that name.

    Raises:
        KeyError: there is none.
    """
    for entry in TOOLS:
        if entry.name == name:
            return entry
    raise KeyError(name)


def tool_version(entry: Tool) -> str:
    """The version that the tool's go.mod requires of its module, such as `v1.36.3`.

    Raises:
        ValueError: go.mod does not require the module.
    """
    text = (entry.folder / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require )?{re.escape(entry.module)} (v\S+)", text, re.MULTILINE)
    if not found:
        raise ValueError(f"{entry.folder / 'go.mod'} does not require {entry.module}")
    return found.group(1)


def bin_folder() -> Path:
    """Where the finished programs lie."""
    return paths.toolchain() / "bin"


def binary(name: str) -> Path:
    """The path of a finished program; it may not be built yet."""
    return bin_folder() / name
