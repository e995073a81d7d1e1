"""The whole platform: the only place that knows the order of the parts."""

from components.platform.args import PlatformArgs
from components.platform.component import Platform

__all__ = ["Platform", "PlatformArgs"]
