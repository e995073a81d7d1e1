"""DAGs from Git: what dag-processors and workers are told of them, and how they log in.

Git itself is told where the token and the authority lie, by URL, so that neither stands in Airflow's configuration nor in
a connection that anybody who may edit connections could read.
"""

import json
import posixpath
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from components.contract import airflow
from components.contract.airflow import Sections
from components.contract.peers import OutsideService
from components.contract.secrets import GivenText
from settings.bundle_proofs import IMAGE_BUNDLE
from settings.bundles import BundleSettings
from settings.quantities import parse_bytes

MODULE = "airflow_platform_bundles.py"
CREDENTIAL_SCRIPT = "git_credential.sh"
GIT_CONFIG = "gitconfig"

ENVIRONMENT: Mapping[str, str] = {"GIT_CONFIG_SYSTEM": posixpath.join(airflow.CONFIG_FOLDER, GIT_CONFIG)}
"""Where git finds what `files` says."""

_LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
_HTTPS_PORT = 443

Bundles = Mapping[str, BundleSettings]
"""Name of a bundle to what it is."""


def read_sections(name: str, bundle: BundleSettings) -> Sections:
    """What the dag-processors of one bundle read: it alone."""
    return _sections(
        [_entry("ReadBundle", name, bundle, tracking_ref=bundle.ref, refresh_interval=bundle.refresh_seconds)]
    )


def run_sections(bundles: Bundles) -> Sections:
    """What workers read: every bundle, and none of what changes when DAGs do. A task brings its version along."""
    if not bundles:
        return {}
    image: dict[str, Any] = {"name": IMAGE_BUNDLE, "classpath": _LOCAL, "kwargs": {}}
    # The clone's own state: what is checked out next is the task's version.
    entries = [_entry("RunBundle", name, bundle, tracking_ref="HEAD") for name, bundle in sorted(bundles.items())]
    return _sections([image, *entries])


def _sections(entries: list[dict[str, Any]]) -> Sections:
    return {
        "dag_processor": {
            "dag_bundle_config_list": json.dumps(entries, sort_keys=True),
            "dag_bundle_storage_path": airflow.BUNDLE_FOLDER,
        }
    }


def _entry(kind: str, name: str, bundle: BundleSettings, **more: object) -> dict[str, Any]:
    subdir = {"subdir": bundle.subdir} if bundle.subdir else {}
    return {
        "name": name,
        "classpath": f"{MODULE.removesuffix('.py')}.{kind}",
        "kwargs": {"repo_url": bundle.url, **subdir, **more},
    }


def files(bundles: Bundles) -> dict[str, str]:
    """For the ConfigMap: the module that the sections name, and git's own configuration."""
    if not bundles:
        return {}
    authorities = {_authority_file(name): bundle.authority for name, bundle in bundles.items() if bundle.authority}
    return {
        MODULE: airflow.asset(MODULE),
        CREDENTIAL_SCRIPT: airflow.asset(CREDENTIAL_SCRIPT),
        GIT_CONFIG: "".join(_git_config(name, bundle) for name, bundle in sorted(bundles.items())),
        **authorities,
    }


def _authority_file(name: str) -> str:
    return f"git-{name}.crt"


def _git_config(name: str, bundle: BundleSettings) -> str:
    """A section per URL: a token is for this repository alone, even where another one lies on the same server."""
    lines = [f'[http "{bundle.url}"]', f"\tsslCAInfo = {airflow.CONFIG_FOLDER}/{_authority_file(name)}"]
    found = lines if bundle.authority else []
    if bundle.token_from:
        token = airflow.secret_path(airflow.given_file(bundle.token_from))
        helper = f"!sh {airflow.CONFIG_FOLDER}/{CREDENTIAL_SCRIPT} {bundle.user} {token}"
        # An empty helper drops whatever was configured before.
        found += [f'[credential "{bundle.url}"]', "\thelper =", f'\thelper = "{helper}"']
    return "".join(f"{line}\n" for line in found)


def given(bundles: Bundles) -> dict[str, GivenText]:
    """The tokens: secret file to a text of the user's own."""
    keys: dict[str, list[str]] = {}
    for name, bundle in sorted(bundles.items()):
        if bundle.token_from:
            keys.setdefault(bundle.token_from, []).append(f"airflow.bundles.{name}.tokenFrom")
    return {airflow.given_file(text): GivenText(name=text, keys=tuple(places)) for text, places in keys.items()}


def services(bundles: Bundles) -> tuple[OutsideService, ...]:
    """The servers, for NetworkPolicies."""
    return tuple(
        OutsideService(
            name=f"git-{name}", port=urlsplit(bundle.url).port or _HTTPS_PORT, networks=tuple(bundle.networks)
        )
        for name, bundle in sorted(bundles.items())
    )


def storage(bundles: Bundles) -> str | None:
    """Room for the clones of all of them in bytes, as Kubernetes writes it; None where there are none."""
    return str(sum(parse_bytes(bundle.storage) for bundle in bundles.values())) if bundles else None
