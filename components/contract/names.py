"""Names of workloads and Services, known before anything exists."""

CLUSTER_DOMAIN = "cluster.local"

POSTGRES = "postgres"
POSTGRES_POOLER = "postgres-pooler"
POSTGRES_PORT = 5432
DATABASE = "airflow"
DATABASE_OWNER = "airflow"
"""Owns the database and all in it; nobody logs in by this name."""
DATABASE_OWNER_LOGIN = "airflow_owner"
DATABASE_APP = "airflow_app"
"""Reads and writes tables, and cannot change their shape."""
DATABASE_READER = "airflow_reader"
"""Reads what the autoscaler counts."""
MONITOR_USER = "monitor"
EXTERNAL_DATABASE = "external-database"
"""What network edges call a database that somebody else runs."""

VALKEY = "valkey"
VALKEY_PORT = 6379
SENTINEL = "valkey-sentinel"
SENTINEL_PORT = 26379
SENTINEL_MASTER = "airflow"
BROKER_USER = "airflow"
EXTERNAL_BROKER = "external-broker"
"""What network edges call a broker that somebody else runs."""
BROKER_NODES = 3
"""Data nodes and Sentinels of a broker with Sentinels, as many of each."""

SCHEDULER = "scheduler"
DAG_PROCESSOR = "dag-processor"
TRIGGERER = "triggerer"
API_CORE = "api-core"
API_EXECUTION = "api-execution"
API_PORT = 8080
ADMIN_USER = "admin"
"""Log-in name of the generated administrator."""
MIGRATION = "migration"
DOWNGRADE = "downgrade"
"""The Job that takes the changes of a newer Airflow back, with the newer image."""
RESUMPTION = "resumption"
"""The Job that tries a changed version with one DAG and lets the others go on."""
KEY_ROTATION = "key-rotation"
"""The Job that encrypts anew what the retired Fernet key had encrypted."""

CLEANING = "cleaning"
"""The Job that removes old rows, and the schema in which it keeps them for a while."""

LOG_STORE = "log-store"
"""The stack's own store of task logs."""
LOG_CLEANING = "log-cleaning"
"""The Job that removes old logs from it."""

DECLARED = "declared"
"""The Job that brings pools, variables and connections to what the stack file declares."""
DECLARED_USER = "platform-declared"
"""Log-in name of that Job."""

TASK = "task"
"""The pods of single tasks, and what they have in common."""
TASK_LOG_READER = "task-log-reader"
"""The right to read what running tasks say."""

STATSD_EXPORTER = "statsd-exporter"
STATSD_PORT = 9125
PROMETHEUS = "prometheus"
PROMETHEUS_PORT = 9090
ALERTMANAGER = "alertmanager"
EDGE = "edge"

KEDA_OPERATOR = "keda-operator"
"""As KEDA itself calls it, so that one that the cluster brings is found by the same label."""
KEDA_ADAPTER = "keda-metrics-apiserver"
DRAIN_CONTROLLER = "drain-controller"
DRAIN_CONTROLLER_PORT = 8080

_LONGEST_NAME = 63


def dag_processor(bundle: str) -> str:
    """Workload name of the dag-processors of a bundle from Git."""
    return f"{DAG_PROCESSOR}-{bundle}"


def worker(queue: str) -> str:
    """Workload name of a queue's workers."""
    return f"worker-{queue}"


def postgres_primary_service() -> str:
    """Service of the PostgreSQL primary, for migrations and cleaning, around the pooler."""
    return f"{POSTGRES}-rw"


def sentinel_hosts(namespace: str) -> tuple[str, ...]:
    """Full host name of every Sentinel; each has a Service of its own, so the name stays when the pod goes."""
    return tuple(service_host(f"{SENTINEL}-{ordinal}", namespace) for ordinal in range(BROKER_NODES))


def service_host(service: str, namespace: str) -> str:
    """Full host name of a Service."""
    return f"{service}.{namespace}.svc.{CLUSTER_DOMAIN}"


def checked(name: str, limit: int = _LONGEST_NAME) -> str:
    """The name itself.

    Raises:
        ValueError: it is longer than Kubernetes allows; nothing is cut in silence.
    """
    if len(name) > limit:
        raise ValueError(f"the name {name!r} has {len(name)} characters, Kubernetes allows {limit}; shorten it")
    return name
