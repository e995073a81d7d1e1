"""Settings of how a queue's workers follow the load."""

from enum import StrEnum

from pydantic import Field

from settings.base import Name, ResourceList, Resources, Settings


class ScalingProfile(StrEnum):
    """Which rule decides on the number of worker pods."""

    FIXED = "fixed"
    """`minReplicas` pods, always."""
    DEMAND = "demand"
    """As many pods as the tasks need at once when there is reason to grow; held between the bands, shrunk slowly."""
    LITERAL = "literal"
    """A quarter more or less after each threshold, with the cooldowns as lock-outs: the words of the requirement."""


class PlannedReplicas(Settings):
    """A time of day for which pods are ready before the load comes."""

    start: str = Field(pattern=r"^\S+ \S+ \S+ \S+ \S+$", examples=["45 1 * * *"])
    """Cron expression of five fields: from then on."""
    end: str = Field(pattern=r"^\S+ \S+ \S+ \S+ \S+$", examples=["0 4 * * *"])
    """Cron expression of five fields: until then."""
    timezone: str = "Etc/UTC"
    """Name of the time zone, as `Europe/Berlin`."""
    replicas: int = Field(ge=1, le=200)
    """Worker pods during that time, at least."""


class ScalingSettings(Settings):
    """When a queue's workers grow and shrink.

    Growth needs one reason, shrinking needs all of them to be absent; between the two thresholds of a signal the
    number of pods is held. The first defaults are those that the requirement names; the age of the oldest queued task is
    the only one of the signals that says how long somebody has been waiting.
    """

    profile: ScalingProfile = ScalingProfile.DEMAND
    """Which rule decides."""
    queued_up: int = Field(default=50, ge=1)
    """More queued tasks than this are a reason to grow."""
    queued_down: int = Field(default=10, ge=1)
    """Fewer queued tasks than this are needed to shrink."""
    oldest_queued_up_seconds: int = Field(default=30, ge=1)
    """A task that has been queued for longer than these seconds is a reason to grow (profile `demand`)."""
    oldest_queued_down_seconds: int = Field(default=15, ge=1)
    """No task may have been queued for longer than these seconds to shrink (profile `demand`)."""
    cpu_up_percent: int = Field(default=75, ge=1, le=1000)
    """CPU in use, in percent of the request, above which to grow."""
    cpu_down_percent: int = Field(default=45, ge=1, le=1000)
    """CPU in use, in percent of the request, below which shrinking is allowed."""
    memory_up_percent: int = Field(default=85, ge=1, le=100)
    """Memory in use, in percent of the limit, above which to grow."""
    memory_down_percent: int = Field(default=50, ge=1, le=100)
    """Memory in use, in percent of the limit, below which shrinking is allowed."""
    up_cooldown_seconds: int = Field(default=300, ge=15, le=1800)
    """Seconds between two growths (profile `literal`; `demand` grows at once, by as much as is needed)."""
    down_cooldown_seconds: int = Field(default=600, ge=15, le=1800)
    """Seconds between two shrinks (profile `literal`)."""
    down_window_seconds: int = Field(default=300, ge=0, le=3600)
    """Seconds over which the largest proposal counts, so that a lull does not shrink (profile `demand`)."""
    down_percent: int = Field(default=20, ge=1, le=100)
    """Percent of the pods that one step of `downPeriodSeconds` may take away; at least one pod (profile `demand`)."""
    down_period_seconds: int = Field(default=60, ge=15, le=1800)
    """Seconds of one step down (profile `demand`)."""
    planned: list[PlannedReplicas] = Field(default_factory=list[PlannedReplicas])
    """Times with more pods than the load alone asks for, such as before a nightly wave."""


class KedaMode(StrEnum):
    """Who runs KEDA, which asks the database how much there is to do."""

    BUNDLED = "bundled"
    """We do, for this stack alone. A cluster has room for one KEDA."""
    EXISTING = "existing"
    """The cluster has one (2.20.2 or newer) that watches our namespace."""


class KedaSettings(Settings):
    """The scaler that the profiles `demand` and `literal` need."""

    mode: KedaMode = KedaMode.EXISTING
    """Who runs it."""
    namespace: Name = "keda"
    """Where it runs: made for `bundled`, expected for `existing`."""
    authority_file: str = Field(default="/custom/ca/airflow-platform.crt", pattern=r"^/\S+$")
    """Certificate inside the pod of an `existing` KEDA, by which it verifies the database: of our authority, or of
    `postgres.external.authority`."""
    resources: Resources = Resources(
        requests=ResourceList(cpu="50m", memory="96Mi"), limits=ResourceList(memory="512Mi")
    )
    """Per pod of a `bundled` one: operator and metrics adapter."""
