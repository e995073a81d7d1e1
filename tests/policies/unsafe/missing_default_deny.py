"""The denial of all traffic in the Airflow namespace is opened while somebody looks for a fault, and stays open."""

import pulumi
from spoil import Object, platform_with


def change(policy: Object, _: pulumi.ResourceOptions) -> None:
    """Let the policy govern one direction only."""
    if policy["metadata"]["namespace"] == "airflow":
        policy["spec"]["policyTypes"] = ["Ingress"]


platform_with("NetworkPolicy", "default-deny", change)
