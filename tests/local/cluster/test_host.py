import inspect
import json
from pathlib import Path
from types import ModuleType

import pytest

from local.cluster import cgroups, host, network, pki
from local.cluster.layout import Layout


def _own_functions(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was done to the machine, instead of doing it."""
    made: list[str] = []
    # Every function of these, whatever is added: one that is left out would change this machine, and its cluster if one runs.
    for module in (pki, cgroups, network):
        for name in _own_functions(module):

            def record(*_: object, done: str = name, **__: object) -> None:
                made.append(done)

            monkeypatch.setattr(module, name, record)
    return made


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(
        root=tmp_path / "c",
        bin=tmp_path / "b",
        registry=tmp_path / "r",
        logs=tmp_path / "l",
        run=tmp_path / "run",
    )


def test_every_file_that_a_program_reads_is_written_once(layout: Layout, calls: list[str]) -> None:
    host.prepare(layout, pause_image="x/pause:1", nameservers=["192.0.2.53"])
    names = {str(path.relative_to(layout.config)) for path in layout.config.rglob("*") if path.is_file()}
    assert names == {
        "containerd.toml",
        "hosts/airflow-platform.local/hosts.toml",
        "registry.yaml",
        "cni/10-airflow-platform.conflist",
        "kubelet.yaml",
        "kube-proxy.yaml",
        "resolv.conf",
    }
    before = {path: path.stat().st_mtime_ns for path in layout.config.rglob("*")}
    host.prepare(layout, pause_image="x/pause:1", nameservers=["192.0.2.53"])
    assert {path: path.stat().st_mtime_ns for path in layout.config.rglob("*")} == before
    assert (layout.config / "resolv.conf").read_text() == "nameserver 192.0.2.53\n"
    assert calls[:5] == ["ensure", "raise_settings", "ensure_bridge", "open_forwarding", "ensure"]


def test_clearing_takes_back_and_leaves_other_clusters_records(
    layout: Layout, calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, plugins = tmp_path / "cni" / "results", tmp_path / "kubelet" / "device-plugins"
    for folder, name in ((records, "airflow-platform-x"), (records, "other-x"), (plugins, "kubelet.sock")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps({}))
    layout.run.mkdir()
    monkeypatch.setattr(host, "_CNI_RECORDS", records)
    monkeypatch.setattr(host, "_DEVICE_PLUGINS", plugins)
    host.clear(layout)
    assert [path.name for path in records.iterdir()] == ["other-x"]
    assert not plugins.parent.exists()
    assert not layout.run.exists()
    assert calls == [
        "remove",
        "remove_pod_links",
        "remove_bridge",
        "close_forwarding",
        "remove_tables",
        "restore_settings",
    ]
