"""Airflow's own settings are the safe ones."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..airflow_settings import Setting, airflow_settings
from ..kubernetes import makes_pods
from ..model import Finding, Resource, ResourceRule, Severity
from ..options import RELAXED, Options
from ..secrets.places import places

_PUBLIC_ROLE = re.compile(r"^\s*AUTH_ROLE_PUBLIC\s*=\s*[\"'](?!Public[\"'])(?P<role>[^\"']+)[\"']", re.MULTILINE)


@dataclass(frozen=True)
class Danger:
    """A setting that lowers safety.

    Attributes:
        holds: whether a value does.
        what: what it does.
        mend: the safe value.
        anywhere: also in a relaxed environment.
    """

    holds: Callable[[Setting], bool]
    what: str
    mend: str
    anywhere: bool = True


def _on(setting: Setting) -> bool:
    return setting.on


def _off(setting: Setting) -> bool:
    return setting.off


_DANGERS: Mapping[str, Danger] = {
    "api.expose_config": Danger(
        _on, "shows the whole configuration in the user interface", "set expose_config = False"
    ),
    "webserver.expose_config": Danger(_on, "shows the whole configuration", "set expose_config = False"),
    "core.hide_sensitive_var_conn_fields": Danger(
        _off, "shows passwords of Connections", "set hide_sensitive_var_conn_fields = True"
    ),
    "core.test_connection": Danger(
        lambda setting: setting.value.lower() == "enabled",
        "lets users open connections from the server to anywhere",
        "set test_connection = Disabled",
    ),
    "core.load_examples": Danger(_on, "loads the example DAGs", "set load_examples = False", anywhere=False),
    "core.executor": Danger(
        lambda setting: "LocalExecutor" in setting.value,
        "runs tasks in the scheduler's pod, beside the database's password and the key that signs tokens",
        "take the CeleryExecutor, whose workers hold neither",
        anywhere=False,
    ),
    "core.auth_manager": Danger(
        lambda setting: "SimpleAuthManager" in setting.value,
        "logs in with the development auth manager",
        "take FabAuthManager with OIDC or a generated password",
        anywhere=False,
    ),
    "core.allowed_deserialization_classes": Danger(
        lambda setting: ".*" in setting.value.split() or setting.value in {".*", "*"},
        "lets an XCom create objects of any class",
        "name the modules",
    ),
    "api.access_control_allow_origins": Danger(
        lambda setting: "*" in setting.value, "lets every web page call the API", "name the origins"
    ),
}


def applies(resource: Resource) -> bool:
    """Pods and ConfigMaps."""
    return makes_pods(resource) or resource.kind == "ConfigMap"


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Settings that lower safety."""
    relaxed = resource.environment in options.texts(RELAXED.name)
    for setting in airflow_settings(resource):
        danger = _DANGERS.get(setting.name)
        if danger and danger.holds(setting) and (danger.anywhere or not relaxed):
            yield Finding(
                what=f"[{setting.section}] {setting.key} {danger.what}",
                path=setting.node.path,
                part=setting.part,
                mend=danger.mend,
            )
    if resource.kind == "ConfigMap":
        yield from _public_role(resource)


def _public_role(resource: Resource) -> Iterator[Finding]:
    for place in places(resource):
        match = _PUBLIC_ROLE.search(place.node.text) if place.name.endswith(".py") else None
        if match:
            yield Finding(
                what=f"gives visitors without a login the role {match['role']}",
                path=place.node.path,
                mend="remove AUTH_ROLE_PUBLIC",
            )


RULE = ResourceRule(
    name="airflow-safety",
    title="Airflow's own settings are the safe ones",
    why="each of these settings hands something to a user, or to a task, that was never meant for them",
    mend="take Airflow's safe value",
    severity=Severity.HIGH,
    references=("Airflow: security model",),
    options=(RELAXED,),
    applies=applies,
    check=check,
)
