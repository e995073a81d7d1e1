"""Writes the definitions of KEDA's kinds: `python -m scripts.keda_definitions <folder of KEDA's Go module>`."""

import sys
from pathlib import Path
from typing import Any, cast

import yaml

TARGET = Path(__file__).resolve().parents[1] / "components" / "autoscaling" / "definitions"
_HEADER = "# From KEDA's Go module (config/crd/bases), without descriptions; written by scripts/keda_definitions.py.\n"


def without_descriptions(node: Any, *, names: bool = False) -> Any:
    """A schema without prose; `names` says that the keys of this mapping are names of fields."""
    if isinstance(node, dict):
        mapping = cast("dict[str, Any]", node)
        return {
            key: without_descriptions(value, names=not names and key == "properties")
            for key, value in mapping.items()
            if names or key != "description"
        }
    if isinstance(node, list):
        return [without_descriptions(entry) for entry in cast("list[Any]", node)]
    return node


def shortened(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition as it is deployed.

    KEDA's operator does not start without the kind ScaledJob, which nothing of ours uses: its half megabyte of pod
    template is left unchecked.
    """
    short = without_descriptions(definition)
    if short["metadata"]["name"] == "scaledjobs.keda.sh":
        for version in short["spec"]["versions"]:
            fields = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
            fields["jobTargetRef"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return short


def main(module: Path) -> int:
    """Write one file per kind."""
    for source in sorted((module / "config" / "crd" / "bases").glob("*.yaml")):
        text = yaml.safe_dump(shortened(yaml.safe_load(source.read_text())), sort_keys=False, width=120)
        (TARGET / source.name).write_text(_HEADER + text)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
