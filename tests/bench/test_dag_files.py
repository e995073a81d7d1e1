"""How DAG files get into a pod's folder."""

import subprocess
import sys
from pathlib import Path

from tests.bench.dag_files import CHAIN, NOOP, source


def test_a_pod_fills_its_folder_with_one_file_for_each_name(tmp_path: Path) -> None:
    """From a folder as a mounted ConfigMap has it."""
    folder, dags = tmp_path / "mounted", tmp_path / "dags"
    (folder / "..data").mkdir(parents=True)
    dags.mkdir()
    for name, text in source(CHAIN, ["one", "two"]).items():
        (folder / "..data" / name).write_text(text)
        (folder / name).symlink_to(Path("..data") / name)
    command = [sys.executable, "-I", "-S", str(folder / "fill.py"), str(dags)]
    subprocess.run(command, check=True)
    assert sorted(path.name for path in dags.iterdir()) == ["one.py", "two.py"]
    assert 'dag_id="two"' in (dags / "two.py").read_text()


def test_each_template_takes_a_name() -> None:
    for template in (NOOP, CHAIN):
        assert template.count("{name}") == 1
        compile(template.replace("{name}", "some"), "some.py", "exec")
