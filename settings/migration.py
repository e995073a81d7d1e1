"""Settings of the change from one Airflow version to another."""

from pydantic import Field

from settings.base import Settings


class DowngradeSettings(Settings):
    """The way back to an older Airflow, stated because it deletes what only the newer one keeps.

    The newer image takes its changes of the database back before any older pod starts. It does nothing where the database
    is not newer, so it may stay in the stack file until the next upgrade.
    """

    from_version: str = Field(pattern=r"^3\.\d+\.\d+$")
    """Airflow version that the database was last used by."""
    image: str = Field(pattern=r"^\S+@sha256:[0-9a-f]{64}$")
    """Image of that version, by digest: an older Airflow does not know how to undo what a newer one did."""


class MigrationSettings(Settings):
    """How the database follows the image from one Airflow version to another."""

    without_backup: bool = False
    """Change the tables although `postgres.backup` has no target; then no way leads back to the rows of before."""
    canary: bool = True
    """Run the DAG `platform_smoke` on the new version before the other DAGs go on."""
    timeout_seconds: int = Field(default=7200, ge=600, le=86400)
    """Seconds for the backup, for the tasks to end before a downgrade, and for the change of the tables, all together."""
    downgrade: DowngradeSettings | None = None
    """The way back to an older version; a database newer than the image is refused when left out."""
