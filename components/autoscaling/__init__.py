"""What the scalers of the queues stand on: KEDA, its log-in at the database, and the drain controller."""

from components.autoscaling.args import AutoscalingArgs
from components.autoscaling.component import Autoscaling

__all__ = ["Autoscaling", "AutoscalingArgs"]
