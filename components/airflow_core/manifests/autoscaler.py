"""Growth of the api-server roles with their CPU usage."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.contract import names
from components.contract.airflow_pods import Process, Surroundings, metadata
from settings.airflow import ApiScalingSettings, ApiSettings
from settings.platform_settings import PlatformSettings

CALM_SECONDS = 600
"""Of low usage before a pod is taken away: a start costs a dozen seconds of CPU."""
STEP_SECONDS = 60


def scaled(settings: PlatformSettings) -> Mapping[str, ApiSettings]:
    """Roles whose number of pods an autoscaler decides on."""
    roles = {names.API_CORE: settings.airflow.api_core, names.API_EXECUTION: settings.airflow.api_execution}
    return {role: api for role, api in roles.items() if api.scaling is not None}


def autoscaler(
    process: Process, fewest: int, scaling: ApiScalingSettings, around: Surroundings, workload: pulumi.Input[str]
) -> k8s.autoscaling.v2.HorizontalPodAutoscalerInitArgs:
    """Doubles at most once a minute, and gives back one pod a minute after ten calm ones.

    Args:
        process: whose pods.
        fewest: pods at any time.
        scaling: how many more there may be, and when.
        around: what it shares with others.
        workload: name of the created Deployment.
    """
    return k8s.autoscaling.v2.HorizontalPodAutoscalerInitArgs(
        metadata=metadata(process, around, process.name),
        spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name=workload
            ),
            min_replicas=fewest,
            max_replicas=scaling.max_replicas,
            metrics=[_cpu(scaling.cpu_percent)],
            behavior=k8s.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs(
                scale_up=_rule("Percent", 100, 0), scale_down=_rule("Pods", 1, CALM_SECONDS)
            ),
        ),
    )


def _cpu(percent: int) -> k8s.autoscaling.v2.MetricSpecArgs:
    return k8s.autoscaling.v2.MetricSpecArgs(
        type="Resource",
        resource=k8s.autoscaling.v2.ResourceMetricSourceArgs(
            name="cpu",
            target=k8s.autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=percent),
        ),
    )


def _rule(kind: str, value: int, calm_seconds: int) -> k8s.autoscaling.v2.HPAScalingRulesArgs:
    return k8s.autoscaling.v2.HPAScalingRulesArgs(
        stabilization_window_seconds=calm_seconds,
        policies=[k8s.autoscaling.v2.HPAScalingPolicyArgs(type=kind, value=value, period_seconds=STEP_SECONDS)],
    )
