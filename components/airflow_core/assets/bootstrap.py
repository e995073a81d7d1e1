# pyright: basic, reportMissingImports=false
"""What has to stand in the database besides its tables: the default pool's size, rights of others, the administrator.

Runs inside the Airflow image after `airflow db migrate`; may run any number of times.
"""

import sys
from pathlib import Path

from airflow.configuration import conf
from airflow.models.pool import Pool
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.session import create_session
from sqlalchemy import select, text
from werkzeug.security import check_password_hash

ADMIN = "admin"
ADMIN_ROLE = "Admin"
ADMIN_EMAIL = "admin@airflow-platform.local"
READER = "airflow_reader"
CLEANER = "airflow_app"
READ_COLUMNS = ("state", "queue", "queued_dttm", "start_date", "hostname")
ADMIN_PASSWORD = Path("/run/secrets/airflow-platform/admin_password")


def ensure_default_pool() -> None:
    """Give the default pool the size of `[core] default_pool_task_slot_count`, which Airflow applies to a new pool only."""
    slots = conf.getint("core", "default_pool_task_slot_count")
    with create_session() as session:
        pool = session.scalar(select(Pool).where(Pool.pool == Pool.DEFAULT_POOL_NAME))
        if pool.slots != slots:
            print(f"default pool: {pool.slots} -> {slots} slots")  # noqa: T201
            pool.slots = slots


def ensure_reader() -> None:
    """Let the autoscaler's login, where the database has one, read the columns that it counts by, and nothing else."""
    with create_session() as session:
        if session.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :reader"), {"reader": READER}):
            session.execute(text(f"GRANT SELECT ({', '.join(READ_COLUMNS)}) ON task_instance TO {READER}"))


def ensure_room_for_cleaning() -> None:
    """A schema in which the login that removes rows may make tables, which it may not beside Airflow's own."""
    with create_session() as session:
        session.execute(text("CREATE SCHEMA IF NOT EXISTS cleaning"))
        if session.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :cleaner"), {"cleaner": CLEANER}):
            session.execute(text(f"GRANT USAGE, CREATE ON SCHEMA cleaning TO {CLEANER}"))


def ensure_admin(password: str) -> None:
    """Create the administrator, or give it the password and the role."""
    with get_application_builder() as builder:
        manager = builder.sm
        if manager.find_role(ADMIN_ROLE) is None:
            manager.sync_roles()
        role = manager.find_role(ADMIN_ROLE)
        user = manager.find_user(username=ADMIN)
        if user is None:
            _done(manager.add_user(ADMIN, "Platform", "Administrator", ADMIN_EMAIL, role, password), "created")
            return
        if not check_password_hash(user.password, password):
            # Ends the sessions of whoever is logged in, so only when it really changed.
            _done(manager.reset_password(user.id, password), "given its new password")
        if role not in user.roles or not user.active:
            user.active = True
            user.roles.append(role)
            _done(manager.update_user(user), "given back its role")


def _done(result: object, what: str) -> None:
    if not result:
        raise SystemExit(f"the administrator could not be {what}; the lines above say why")
    print(f"administrator {what}")  # noqa: T201


def main() -> None:
    """Run all; the administrator only where its password is mounted."""
    ensure_default_pool()
    ensure_reader()
    ensure_room_for_cleaning()
    if ADMIN_PASSWORD.exists():
        ensure_admin(ADMIN_PASSWORD.read_text().strip())


if __name__ == "__main__":
    sys.exit(main())
