"""The scheduler runs an image by a tag that anybody may move, to try a fix quickly."""

import pulumi
from spoil import Object, platform_with

IMAGE = "registry.example.com/airflow-platform/airflow:latest"


def change(deployment: Object, _: pulumi.ResourceOptions) -> None:
    """Name the image by tag."""
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE


platform_with("Deployment", "scheduler", change)
