"""The Pulumi program: settings, provider, platform, exports."""

import pulumi
import pulumi_kubernetes as k8s

from components.platform import Platform, PlatformArgs
from settings.load import load

settings = load()

# The context is named by the stack: what happens to be the current one is never deployed to. Contents of Secrets and
# ConfigMaps change in place, so that pods which start meanwhile never find them missing.
cluster = k8s.Provider(
    "cluster",
    context=settings.context,
    cluster_identifier=f"{pulumi.get_project()}-{pulumi.get_stack()}",
    enable_secret_mutable=True,
    enable_config_map_mutable=True,
)

platform = Platform("platform", PlatformArgs(settings=settings), pulumi.ResourceOptions(providers=[cluster]))

for output, value in platform.exports().items():
    pulumi.export(output, value)
