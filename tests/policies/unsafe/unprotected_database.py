"""The database has to be made anew once, so its protection is taken away, for good."""

import pulumi
from spoil import Object, platform_with


def change(_: Object, options: pulumi.ResourceOptions) -> None:
    """Let the engine delete it."""
    options.protect = False


platform_with("StatefulSet", "postgres", change)
