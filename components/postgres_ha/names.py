"""Names, ports and paths that the parts of PostgresHA share."""

from components.contract import names
from components.contract.secrets import MOUNT_PATH

COMPONENT = "postgres-ha"
"""Value of the label `app.kubernetes.io/component`."""

NODES_SERVICE = f"{names.POSTGRES}-nodes"
"""Headless Service that gives every instance a name, ready or not: replicas find their leader through it."""
PRIMARY_SERVICE = names.postgres_primary_service()
REPLICA_SERVICE = f"{names.POSTGRES}-ro"

CONFIGURE = f"{names.POSTGRES}-configure"
"""Workload name of the Job that brings the cluster's agreed configuration up to date."""

EXPORTER = f"{names.POSTGRES}-exporter"
"""Workload of the exporter before somebody else's database; beside an instance of ours it is none of its own."""

BACKUP = f"{names.POSTGRES}-backup"
"""Workload name of the CronJobs that ask for backups."""
RESTORE_DRILL = f"{names.POSTGRES}-restore-drill"
BACKUP_STORE = f"{names.POSTGRES}-backup-store"
"""Workload, Service and claim of the stack's own S3 store."""
BACKUP_USER = "backup"
"""Role that asks for backups and reports drills; it can do nothing else."""
SCHEMA = "airflow_platform"
"""Schema of the tables that backups and drills keep, in Airflow's own database so that they come back with it."""

POSTGRES_UID = 10010
POOLER_UID = 10020
EXPORTER_UID = 10080

PATRONI_PORT = 8008
EXPORTER_PORT = 9187
POOLER_EXPORTER_PORT = 9127

SCOPE = names.POSTGRES
"""Patroni keeps its state in ConfigMaps `<scope>-config`, `-leader`, `-sync`, `-failover`: no ConfigMap of ours may be named so."""
SCOPE_LABEL = "airflow-platform/scope"

SUPERUSER = "postgres"
"""Comes in from inside its pod, and by the certificate of the configuring Job; has no password."""
REPLICATION_USER = "replication"
REWIND_USER = "rewind"
API_USER = "patroni"

VOLUME_PATH = "/var/lib/postgresql"
DATA_PATH = f"{VOLUME_PATH}/pg17/data"
"""Two levels below the mount, where a group that the kubelet sets on the volume does not reach, and one per major version."""
SOCKET_PATH = "/run/postgresql"
CONFIG_PATH = "/etc/patroni"
SCRIPTS_PATH = "/etc/airflow-platform"
POOLER_CONFIG_PATH = "/etc/pgbouncer"
BACKUP_SECRETS_PATH = "/run/secrets/backup"
"""What pgBackRest logs in and encrypts with; read by `pgbackrest.sh`."""
BUCKET_SECRETS_PATH = "/run/secrets/bucket"
"""Access key of a Secret that the stack names."""
SOURCE_BUCKET_SECRETS_PATH = "/run/secrets/source-bucket"
"""The same of the archive that a cluster is made from."""
REPOSITORY_PATH = "/backups"
"""Where a backup volume is mounted."""
SOURCE_REPOSITORY_PATH = "/source-backups"
"""Where the volume is mounted that a cluster is made from."""

CERTIFICATE_FILE = "tls.crt"
KEY_FILE = "tls.key"
AUTHORITY_FILE = "ca.crt"
CERTIFICATE_PATH = f"{MOUNT_PATH}/{CERTIFICATE_FILE}"
KEY_PATH = f"{MOUNT_PATH}/{KEY_FILE}"
AUTHORITY_PATH = f"{MOUNT_PATH}/{AUTHORITY_FILE}"


def instance_hosts(instances: int, namespace: str) -> tuple[str, ...]:
    """Full host name of every instance."""
    domain = names.service_host(NODES_SERVICE, namespace)
    return tuple(f"{names.POSTGRES}-{ordinal}.{domain}" for ordinal in range(instances))
