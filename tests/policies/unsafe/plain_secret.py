"""A password for a mail server is pasted into the scheduler's environment."""

import pulumi
from spoil import Object, platform_with


def change(deployment: Object, _: pulumi.ResourceOptions) -> None:
    """Add the variable."""
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [
        *container.get("env", []),
        {"name": "AIRFLOW__SMTP__SMTP_PASSWORD", "value": "correct-horse-battery"},
    ]


platform_with("Deployment", "scheduler", change)
