"""What everything else stands on: namespaces, quotas, priorities, and closed doors between all pods."""

from components.foundation.args import FoundationArgs
from components.foundation.component import Foundation

__all__ = ["Foundation", "FoundationArgs"]
