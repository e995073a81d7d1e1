"""The denial of all traffic is opened outwards while somebody looks for a fault, and stays open."""

import pulumi
from spoil import Object, platform_with


def change(policy: Object, _: pulumi.ResourceOptions) -> None:
    """Let the policy govern one direction only."""
    policy["spec"]["policyTypes"] = ["Ingress"]


platform_with("NetworkPolicy", "default-deny", change)
