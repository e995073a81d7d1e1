"""Data and keys cannot be deleted by a slip of the program."""

from collections.abc import Iterator

from ..model import Finding, Resource, ResourceRule, Severity
from ..node import Node
from ..options import RELAXED, Options

_KEYS = frozenset(
    {
        "random:index/randomPassword:RandomPassword",
        "random:index/randomBytes:RandomBytes",
        "random:index/randomString:RandomString",
        "tls:index/privateKey:PrivateKey",
    }
)
_VOLUMES = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace"})
_CLAIMS = ("spec", "volumeClaimTemplates")
_RETENTION = ("spec", "persistentVolumeClaimRetentionPolicy")


def applies(resource: Resource) -> bool:
    """Volumes, namespaces, stateful sets and generated keys."""
    return resource.type in _KEYS or resource.kind in _VOLUMES or resource.kind == "StatefulSet"


def check(resource: Resource, options: Options) -> Iterator[Finding]:
    """Resources that hold data or keys and could be deleted."""
    if resource.environment in options.texts(RELAXED.name):
        return
    if resource.kind == "StatefulSet":
        if resource.props.at(*_CLAIMS).empty:
            return
        yield from _retention(resource.props.at(*_RETENTION))
    if not resource.protect:
        content = "a generated secret" if resource.type in _KEYS else "data"
        yield Finding(what=f"holds {content} and is not protected")


def _retention(policy: Node) -> Iterator[Finding]:
    for moment in ("whenDeleted", "whenScaled"):
        node = policy.at(moment)
        if node.text == "Delete":
            yield Finding(
                what=f"deletes its volumes {'with itself' if moment == 'whenDeleted' else 'when it shrinks'}",
                path=node.path,
                mend="set Retain",
            )


RULE = ResourceRule(
    name="protected-data",
    title="Volumes, namespaces, stateful sets and generated keys are protected from deletion",
    why="a renamed resource or a wrong stack name would delete the metadata database, or the key without which its "
    "connections cannot be read",
    mend="create the resource with ResourceOptions(protect=True)",
    severity=Severity.CRITICAL,
    references=("Pulumi resource option protect",),
    options=(RELAXED,),
    applies=applies,
    check=check,
)
