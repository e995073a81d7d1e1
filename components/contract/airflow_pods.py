"""Manifests of a process that runs the Airflow image: its Deployment and what belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from components.contract import airflow
from components.contract.args import ComponentArgs
from components.contract.labels import CONFIG_CHECKSUM_ANNOTATION, SECRETS_VERSION_ANNOTATION, PlatformLabels
from components.contract.names import checked
from components.contract.pods import (
    config_checksum,
    container_security,
    dns_config,
    given_secret_volume,
    pod_security,
    resources,
    scratch_volume,
    secret_mount,
    secret_volume,
    spread,
)
from components.contract.secrets import SecretRef
from settings.base import Resources

_CONFIG, _RUN, _LOGS, _TMP, _BUNDLES, _BUCKET = "config", "run", "logs", "tmp", "bundles", "bucket"

PROBE_TIMEOUT_SECONDS = 10
STARTUP_SECONDS = 600
_STARTUP_PERIOD_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """A container's probes; each may be left out."""

    startup: k8s.core.v1.ProbeArgs | None = None
    readiness: k8s.core.v1.ProbeArgs | None = None
    liveness: k8s.core.v1.ProbeArgs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the processes of one component share.

    Attributes:
        namespace: the created namespace of Airflow.
        labels: common labels.
        component: value of the label `app.kubernetes.io/component`.
        image: of Airflow.
        version: of Airflow, as a label.
        priority_class: of the pods.
        python_path: `airflow.python_path` of the stack.
    """

    namespace: pulumi.Input[str]
    labels: PlatformLabels
    component: str
    image: pulumi.Input[str]
    version: str
    priority_class: pulumi.Input[str]
    python_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One kind of Airflow process.

    Attributes:
        name: of the workload and of all its objects.
        command: arguments of the image's entrypoint.
        config: files of its ConfigMap.
        secret: its Secret.
        replicas: pods; None where a scaler decides, whose number a deployment must not touch.
        resources: per pod.
        grace_seconds: that a stopping pod gets.
        ports: port name to number.
        probes: of its container.
        environment: variables on top of those that every Airflow process has; never a secret.
        pod_labels: labels on top of the common ones.
        pod_annotations: annotations on top of the checksums.
        before_stop: command that runs before the stop signal is sent, within the grace.
        log_size: limit of the task log folder in bytes, such as `1Gi`.
        bundle_size: limit of the folder of Git clones in bytes; None for a process that needs none.
        asks_kubernetes: whether it holds a token of the Kubernetes API.
        annotations: of its Deployment, not of its pods.
        account_annotations: of its service account, by which a cloud knows it.
        bucket_secret: a Secret of the stack's own with the key of the bucket of task logs; None where there is none.
        container: name of its container.
        surge: pods that a rollout may add at once, as a number or a share of those that there are.
        settle_seconds: for which a new pod must have been ready before a rollout takes an old one away.
        rendered: files of its ConfigMap that name what was made elsewhere. Read anew at each use: a change of them restarts
            nobody.
    """

    name: str
    command: tuple[str, ...]
    config: Mapping[str, str]
    secret: SecretRef
    replicas: int | None
    resources: Resources
    grace_seconds: int
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    probes: Probes = field(default_factory=Probes)
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    pod_annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    before_stop: tuple[str, ...] = ()
    log_size: str = "256Mi"
    bundle_size: str | None = None
    asks_kubernetes: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    account_annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    bucket_secret: str | None = None
    container: str = "airflow"
    surge: int | str = 1
    settle_seconds: int | None = None
    rendered: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])

    @property
    def is_many(self) -> bool:
        """Whether there can be more than one pod."""
        return self.replicas is None or self.replicas > 1

    @property
    def config_name(self) -> str:
        """Name of its ConfigMap."""
        return checked(f"{self.name}-config")


def surroundings(args: ComponentArgs, component: str) -> Surroundings:
    """What a component's processes share; `component` is the label's value."""
    return Surroundings(
        namespace=args.namespace,
        labels=args.labels,
        component=component,
        image=args.images.airflow,
        version=args.settings.airflow.version,
        priority_class=args.priority_class,
        python_path=airflow.python_path(args.settings),
    )


def startup_probe(check: k8s.core.v1.ProbeArgs) -> k8s.core.v1.ProbeArgs:
    """The same check, with ten minutes until it first succeeds.

    A process that cannot start ends by itself and is restarted; the patience is for a busy machine, on which killing
    a slow start would only make another one.
    """
    return k8s.core.v1.ProbeArgs(
        exec_=check.exec_,
        http_get=check.http_get,
        period_seconds=_STARTUP_PERIOD_SECONDS,
        failure_threshold=STARTUP_SECONDS // _STARTUP_PERIOD_SECONDS,
        timeout_seconds=PROBE_TIMEOUT_SECONDS,
    )


def connected_probe(port: int, *, period: int, failures: int) -> k8s.core.v1.ProbeArgs:
    """A probe that succeeds while the pod holds an established connection to a port elsewhere.

    It reads the kernel's table in a millisecond and asks nobody. For startup and readiness only: the other side may
    be away without any fault of this process.

    Args:
        port: of the other side.
        period: seconds between two tries.
        failures: tries in a row that must fail.
    """
    return _exec_probe(["grep", "-Eqs", _established(port), "/proc/net/tcp", "/proc/net/tcp6"], period, failures)


def until_connected(port: int, seconds: int) -> tuple[str, ...]:
    """A command that ends as soon as the pod holds a connection to a port elsewhere, or after so many seconds."""
    check = f"grep -Eqs '{_established(port)}' /proc/net/tcp /proc/net/tcp6"
    return ("sh", "-c", f"for second in $(seq {seconds}); do {check} && exit 0; sleep 1; done")


def _established(port: int) -> str:
    return f": [0-9A-F]+:[0-9A-F]{{4}} [0-9A-F]+:{port:04X} 01 "


def turning_probe() -> k8s.core.v1.ProbeArgs:
    """Liveness of a process with a main loop: restarted when the loop has stood still for five minutes.

    A database or broker that is away does not trip it: the loop then ends by itself or goes on trying.
    """
    script = f"{airflow.CONFIG_FOLDER}/{airflow.ALIVE_SCRIPT}"
    return _exec_probe(["python3", "-I", "-S", script, "60"], period=30, failures=10)


def _exec_probe(command: list[str], period: int, failures: int) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        exec_=k8s.core.v1.ExecActionArgs(command=command),
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=PROBE_TIMEOUT_SECONDS,
    )


def http_probe(path: str, port: str, *, scheme: str = "HTTP", period: int, failures: int) -> k8s.core.v1.ProbeArgs:
    """A probe that asks for a page."""
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port=port, scheme=scheme),
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=PROBE_TIMEOUT_SECONDS,
    )


def metadata(
    process: Process, around: Surroundings, name: str, waits_for: pulumi.Input[str] | None = None
) -> k8s.meta.v1.ObjectMetaArgs:
    """Metadata of one of the process's objects.

    Args:
        process: whose.
        around: what it shares with others.
        name: of the object.
        waits_for: something that has to be there before.
    """
    return k8s.meta.v1.ObjectMetaArgs(
        name=checked(name),
        namespace=around.namespace,
        labels=around.labels.of(process.name, around.component, around.version, **process.pod_labels),
        annotations={airflow.WAITS_FOR_ANNOTATION: waits_for} if waits_for is not None else None,
    )


def config_map(process: Process, around: Surroundings) -> k8s.core.v1.ConfigMapInitArgs:
    """Its configuration."""
    return k8s.core.v1.ConfigMapInitArgs(
        metadata=metadata(process, around, process.config_name), data={**process.config, **process.rendered}
    )


def service_account(process: Process, around: Surroundings) -> k8s.core.v1.ServiceAccountInitArgs:
    """An identity without any rights in the cluster."""
    described = metadata(process, around, process.name)
    described.annotations = dict(process.account_annotations) or None
    return k8s.core.v1.ServiceAccountInitArgs(metadata=described, automount_service_account_token=False)


def disruption_budget(process: Process, around: Surroundings) -> k8s.policy.v1.PodDisruptionBudgetInitArgs:
    """A drain takes one pod at a time."""
    return k8s.policy.v1.PodDisruptionBudgetInitArgs(
        metadata=metadata(process, around, process.name),
        spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=around.labels.selector(process.name)),
        ),
    )


def deployment(
    process: Process, around: Surroundings, waits_for: pulumi.Input[str] | None = None
) -> k8s.apps.v1.DeploymentInitArgs:
    """Its pods; a rollout adds before it takes away."""
    described = metadata(process, around, process.name, waits_for)
    if process.annotations:
        waiting = {airflow.WAITS_FOR_ANNOTATION: waits_for} if waits_for is not None else {}
        described.annotations = {**process.annotations, **waiting}
    return k8s.apps.v1.DeploymentInitArgs(
        metadata=described,
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=process.replicas,
            revision_history_limit=3,
            min_ready_seconds=process.settle_seconds,
            strategy=k8s.apps.v1.DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_surge=process.surge, max_unavailable=0),
            ),
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=around.labels.selector(process.name)),
            template=pod_template(process, around),
        ),
    )


def pod_template(
    process: Process, around: Surroundings, restart_policy: str | None = None
) -> k8s.core.v1.PodTemplateSpecArgs:
    """Its pod; `restart_policy` is for a Job."""
    return k8s.core.v1.PodTemplateSpecArgs(
        metadata=k8s.meta.v1.ObjectMetaArgs(
            labels=around.labels.of(process.name, around.component, around.version, **process.pod_labels),
            annotations={
                CONFIG_CHECKSUM_ANNOTATION: config_checksum(process.config),
                SECRETS_VERSION_ANNOTATION: process.secret.version,
                **process.pod_annotations,
            },
        ),
        spec=k8s.core.v1.PodSpecArgs(
            service_account_name=process.name,
            automount_service_account_token=process.asks_kubernetes,
            enable_service_links=False,
            priority_class_name=around.priority_class,
            security_context=pod_security(airflow.UID),
            dns_config=dns_config(),
            restart_policy=restart_policy,
            termination_grace_period_seconds=process.grace_seconds,
            topology_spread_constraints=spread(around.labels.selector(process.name)) if process.is_many else None,
            containers=[_container(process, around)],
            volumes=_volumes(process),
        ),
    )


def _container(process: Process, around: Surroundings) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name=process.container,
        image=around.image,
        args=list(process.command),
        env=[
            k8s.core.v1.EnvVarArgs(name=name, value=value)
            for name, value in sorted({**_ENVIRONMENT, "PYTHONPATH": around.python_path, **process.environment}.items())
        ],
        ports=[
            k8s.core.v1.ContainerPortArgs(name=name, container_port=number) for name, number in process.ports.items()
        ]
        or None,
        resources=resources(process.resources),
        security_context=container_security(),
        lifecycle=_before_stop(process.before_stop) if process.before_stop else None,
        startup_probe=process.probes.startup,
        readiness_probe=process.probes.readiness,
        liveness_probe=process.probes.liveness,
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name=_CONFIG, mount_path=airflow.CONFIG_FOLDER, read_only=True),
            k8s.core.v1.VolumeMountArgs(name=_RUN, mount_path=airflow.HOME),
            k8s.core.v1.VolumeMountArgs(name=_LOGS, mount_path=airflow.LOG_FOLDER),
            k8s.core.v1.VolumeMountArgs(name=_TMP, mount_path="/tmp"),  # noqa: S108
            *([_bundle_mount()] if process.bundle_size else []),
            *([secret_mount(_BUCKET, airflow.BUCKET_SECRETS_PATH)] if process.bucket_secret else []),
            secret_mount(),
        ],
    )


def _bundle_mount() -> k8s.core.v1.VolumeMountArgs:
    return k8s.core.v1.VolumeMountArgs(name=_BUNDLES, mount_path=airflow.BUNDLE_FOLDER)


def _before_stop(command: tuple[str, ...]) -> k8s.core.v1.LifecycleArgs:
    return k8s.core.v1.LifecycleArgs(
        pre_stop=k8s.core.v1.LifecycleHandlerArgs(exec_=k8s.core.v1.ExecActionArgs(command=list(command)))
    )


def _volumes(process: Process) -> list[k8s.core.v1.VolumeArgs]:
    return [
        k8s.core.v1.VolumeArgs(
            name=_CONFIG,
            config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=process.config_name, default_mode=0o444),
        ),
        scratch_volume(_RUN, size="64Mi"),
        scratch_volume(_LOGS, size=process.log_size),
        scratch_volume(_TMP, size="1Gi"),
        *([scratch_volume(_BUNDLES, size=process.bundle_size)] if process.bundle_size else []),
        *([given_secret_volume(process.bucket_secret, _BUCKET)] if process.bucket_secret else []),
        secret_volume(process.secret),
    ]


_ENVIRONMENT = {
    "AIRFLOW_HOME": airflow.HOME,
    "AIRFLOW_CONFIG": f"{airflow.CONFIG_FOLDER}/{airflow.AIRFLOW_CFG}",
}
