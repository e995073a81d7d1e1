"""Production saves a pod: one scheduler."""

import pulumi
from spoil import Object, platform_with


def change(deployment: Object, _: pulumi.ResourceOptions) -> None:
    """Lower the replicas."""
    deployment["spec"]["replicas"] = 1


platform_with("Deployment", "scheduler", change)
