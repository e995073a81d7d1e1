"""Settings of AirflowCore and CeleryWorkers."""

from enum import StrEnum

from pydantic import Field

from settings.base import Name, ResourceList, Resources, Settings
from settings.bundles import BundleSettings
from settings.cleaning import CleaningSettings
from settings.declared import DeclaredSettings
from settings.executor import Executor, LocalSettings, TaskPodSettings
from settings.logs import LogSettings
from settings.migration import MigrationSettings
from settings.scaling import KedaMode, KedaSettings, ScalingProfile, ScalingSettings


class AuthKind(StrEnum):
    """Who may log in."""

    GENERATED = "generated"
    """One administrator with a generated password."""
    OIDC = "oidc"
    """An OpenID Connect provider, where multi-factor authentication lives."""


class OidcSettings(Settings):
    """The OpenID Connect provider."""

    issuer: str = Field(pattern=r"^https://")
    """Issuer URL; its discovery document lies below `/.well-known/openid-configuration`."""
    client_id: str
    """Client registered at the provider; its secret is the stack secret `airflow-platform:oidcClientSecret`."""
    roles_claim: str = "groups"
    """Claim whose values are mapped to roles."""
    role_mapping: dict[str, list[str]] = Field(default_factory=dict)
    """Value of the claim to Airflow roles (Admin, Op, User, Viewer)."""


class AuthSettings(Settings):
    """Who may log in."""

    kind: AuthKind = AuthKind.GENERATED
    """Kind of authentication."""
    oidc: OidcSettings | None = None
    """Required for kind `oidc`."""


class LogLevel(StrEnum):
    """Least severity that is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def _resources(cpu: str, memory: str, limit: str) -> Resources:
    return Resources(requests=ResourceList(cpu=cpu, memory=memory), limits=ResourceList(memory=limit))


class ProcessSettings(Settings):
    """A replicated Airflow process."""

    replicas: int = Field(default=2, ge=1, le=10)
    """Pods."""
    resources: Resources = _resources("500m", "512Mi", "1Gi")
    """Per pod."""
    log_level: LogLevel = LogLevel.INFO
    """Least severity that it logs."""

    @property
    def most_replicas(self) -> int:
        """Pods at most, before a rollout adds one."""
        return self.replicas


class TriggererSettings(ProcessSettings):
    """The triggerers: they wait more than they compute."""

    resources: Resources = _resources("250m", "512Mi", "1Gi")
    """Per pod."""


class ApiScalingSettings(Settings):
    """How an api-server role grows with its work.

    A HorizontalPodAutoscaler needs the metrics of `metrics.k8s.io`, which metrics-server serves; without them it keeps the
    fewest pods and no more.
    """

    max_replicas: int = Field(ge=2, le=20)
    """Pods at most; `replicas` beside it is the fewest."""
    cpu_percent: int = Field(default=70, ge=20, le=90)
    """CPU usage that is aimed at, in percent of what a pod requests."""


class ApiSettings(ProcessSettings):
    """An api-server role."""

    workers: int = Field(default=1, ge=1, le=8)
    """Server processes in one pod."""
    resources: Resources = _resources("500m", "768Mi", "1536Mi")
    """Per pod."""
    scaling: ApiScalingSettings | None = None
    """Growth with CPU usage; `replicas` pods at any time when left out. The cluster needs metrics-server for it."""

    @property
    def most_replicas(self) -> int:
        """Pods at most, before a rollout adds one."""
        return self.scaling.max_replicas if self.scaling else self.replicas


class AirflowSettings(Settings):
    """Airflow's own processes and the limits that they share."""

    version: str = Field(default="3.3.2", pattern=r"^3\.\d+\.\d+$")
    """Airflow version of the image; another one in the image is refused before anything is touched."""
    executor: Executor = Executor.CELERY
    """Where tasks run."""
    local: LocalSettings = LocalSettings()
    """Tasks in the scheduler's pod, for executor `local`."""
    task_pods: TaskPodSettings = TaskPodSettings()
    """Tasks in pods of their own, for the executors `kubernetes` and `hybrid`."""
    parallelism: int = Field(default=400, ge=1, le=10000)
    """Task instances that one scheduler may have running or queued."""
    max_active_tasks_per_dag: int = Field(default=64, ge=1)
    """Task instances of one DAG that run at once."""
    default_pool_slots: int = Field(default=800, ge=1)
    """Slots of the default pool."""
    dags_paused_at_creation: bool = True
    """New DAGs wait until somebody turns them on."""
    load_examples: bool = False
    """Load Airflow's example DAGs; refused outside dev."""
    task_queued_timeout_seconds: int = Field(default=300, ge=60, le=3600)
    """Seconds that a task may wait in the broker before it is sent again."""
    scheduler: ProcessSettings = ProcessSettings()
    """Schedulers."""
    dag_processor: ProcessSettings = ProcessSettings()
    """DAG processors."""
    triggerer: TriggererSettings = TriggererSettings()
    """Triggerers."""
    api_core: ApiSettings = ApiSettings()
    """api-servers for people: user interface and public API."""
    api_execution: ApiSettings = ApiSettings()
    """api-servers for workers: the task execution API, never routed from outside."""
    auth: AuthSettings = AuthSettings()
    """Who may log in."""
    cleaning: CleaningSettings | None = None
    """Removal of old rows from the metadata database; nothing is ever removed when left out."""
    logs: LogSettings | None = None
    """Where task logs go when their task has ended; left out they lie in the pod that ran it and go with that."""
    declared: DeclaredSettings | None = None
    """Pools, variables and connections that the stack file declares; nobody looks after them when left out."""
    bundles: dict[Name, BundleSettings] = Field(default_factory=dict[str, BundleSettings])
    """Name to DAGs that come from Git, beside those of the image."""
    migration: MigrationSettings = MigrationSettings()
    """The change from one Airflow version to another."""

    def is_before(self, major: int, minor: int) -> bool:
        """Whether the version is older than a release line."""
        return tuple(map(int, self.version.split(".")[:2])) < (major, minor)


STOP_MARGIN_SECONDS = 120
"""What a stopping worker gets on top of the longest task: for a start to be over, and for the task's result and log to be
handed over."""


class Rollout(StrEnum):
    """How a deployment replaces the workers of a queue."""

    ROLLING = "rolling"
    """One new pod at a time, then an old one stops."""
    BLUE_GREEN = "blueGreen"
    """A whole second pool starts at once; each old pod stops when a new one has consumed for half a minute."""


class QueueSettings(Settings):
    """The workers of one Celery queue."""

    min_replicas: int = Field(default=3, ge=0, le=200)
    """Worker pods that always run; 0 only where the load decides (scaling profile `demand`)."""
    max_replicas: int = Field(default=50, ge=1, le=200)
    """Worker pods at most, which the limits elsewhere must carry."""
    concurrency: int = Field(default=16, ge=1, le=64)
    """Tasks that one pod runs at once."""
    longest_task_seconds: int = Field(default=3600, ge=60, le=86400)
    """Seconds that the longest task of this queue takes; a stopping worker is given that long."""
    scaling: ScalingSettings = ScalingSettings()
    """When its workers grow and shrink."""
    rollout: Rollout = Rollout.ROLLING
    """How a deployment replaces its workers: one by one, or by a second pool, which takes twice the room meanwhile."""
    log_level: LogLevel = LogLevel.INFO
    """Least severity that its workers and their tasks log."""
    resources: Resources = _resources("1", "3Gi", "4Gi")
    """Per pod; about 300 MiB and 65 MiB per concurrent task before the tasks' own needs."""

    @property
    def is_scaled(self) -> bool:
        """Whether the load decides on the number of pods."""
        return self.scaling.profile is not ScalingProfile.FIXED


class WorkerSettings(Settings):
    """Celery workers, one Deployment per queue."""

    queues: dict[Name, QueueSettings] = Field(default_factory=lambda: {"default": QueueSettings()})
    """Queue name to its workers; `default` must be there. None where the executor has no workers."""
    keda: KedaSettings = KedaSettings()
    """The scaler of queues whose profile is not `fixed`."""

    @property
    def scaled_queues(self) -> tuple[str, ...]:
        """Names of the queues whose number of pods the load decides on."""
        return tuple(name for name, queue in sorted(self.queues.items()) if queue.is_scaled)

    @property
    def brings_keda(self) -> bool:
        """Whether KEDA is needed and ours to run."""
        return bool(self.scaled_queues) and self.keda.mode is KedaMode.BUNDLED
