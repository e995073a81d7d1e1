"""Pods hold a token of the Kubernetes API only under an account of their own."""

from collections.abc import Iterator

from ..kubernetes import makes_pods, pod_template
from ..model import Finding, Resource, ResourceRule, Severity
from ..options import Options


def check(resource: Resource, _options: Options) -> Iterator[Finding]:
    """Pods that mount the token of the shared account `default`."""
    spec = pod_template(resource).spec
    account, mount = spec.at("serviceAccountName"), spec.at("automountServiceAccountToken")
    if not mount.false and account.text in {"", "default"}:
        yield Finding(what="mounts the token of the namespace's shared account", path=mount.path)


RULE = ResourceRule(
    name="service-account-tokens",
    title="Pods hold a token of the Kubernetes API only under an account of their own",
    why="code in a task reads the token and speaks to the API server with whatever the shared account was ever granted",
    mend="set automountServiceAccountToken: false, or name a ServiceAccount that is made for this pod alone",
    severity=Severity.HIGH,
    references=("CIS Kubernetes 5.1.5", "CIS Kubernetes 5.1.6"),
    applies=makes_pods,
    check=check,
)
