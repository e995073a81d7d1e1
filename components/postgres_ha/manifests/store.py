"""The stack's own S3 store for its backups."""

from components.contract.object_store import ObjectStore
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.backup import BUNDLED_BUCKET
from components.postgres_ha.names import BACKUP_STORE, COMPONENT


def backup_store(args: PostgresHAArgs) -> ObjectStore | None:
    """The store, where the stack has one."""
    settings = args.settings.postgres.backup.bundled
    if settings is None:
        return None
    return ObjectStore(
        name=BACKUP_STORE,
        bucket=BUNDLED_BUCKET,
        component=COMPONENT,
        settings=settings,
        namespace=args.namespace,
        labels=args.labels,
        image=args.images.versitygw,
        priority_class=args.priority_class,
        secret=args.secrets[BACKUP_STORE],
    )
