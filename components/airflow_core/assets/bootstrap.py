# pyright: basic, reportMissingImports=false
"""What has to stand in the database besides its tables: the default pool's size, rights of others, the platform's own logins.

Runs inside the Airflow image after `airflow db migrate`; may run any number of times.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

from airflow.configuration import conf
from airflow.models.dagbundle import DagBundleModel
from airflow.models.pool import Pool
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.session import create_session
from sqlalchemy import select, text, update
from werkzeug.security import check_password_hash

ADMIN = "admin"
ADMIN_ROLE = "Admin"
READER = "airflow_reader"
CLEANER = "airflow_app"
READ_COLUMNS = ("state", "queue", "executor", "queued_dttm", "start_date", "hostname")
ADMIN_PASSWORD = Path("/run/secrets/airflow-platform/admin_password")
DECLARED = "platform-declared"
"""Name of a user and of its role."""
DECLARED_PASSWORD = Path("/run/secrets/airflow-platform/declared_password")
DECLARED_ACTIONS = ("can_read", "can_create", "can_edit", "can_delete")
DECLARED_KINDS = ("Pools", "Variables", "Connections")


IMAGE_BUNDLE = "dags-folder"


class User(NamedTuple):
    """A user of the platform's own."""

    name: str
    last_name: str
    role: str


def ensure_default_pool() -> None:
    """Give the default pool the size of `[core] default_pool_task_slot_count`, which Airflow applies to a new pool only."""
    slots = conf.getint("core", "default_pool_task_slot_count")
    with create_session() as session:
        pool = session.scalar(select(Pool).where(Pool.pool == Pool.DEFAULT_POOL_NAME))
        if pool.slots != slots:
            print(f"default pool: {pool.slots} -> {slots} slots")  # noqa: T201
            pool.slots = slots


def ensure_bundles(names: list[str]) -> None:
    """Let go of bundles that the stack file no longer names: their dag-processors are gone, and none of the others does it."""
    known = {*names, IMAGE_BUNDLE}
    with create_session() as session:
        gone = session.scalars(
            select(DagBundleModel.name).where(DagBundleModel.active, DagBundleModel.name.not_in(known))
        ).all()
        session.execute(update(DagBundleModel).where(DagBundleModel.name.in_(gone)).values(active=False))
    for name in gone:
        print(f"bundle {name} is no longer read")  # noqa: T201


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


def ensure_admin(manager: Any, password: str) -> None:
    """The administrator, with the password and the role."""
    if manager.find_role(ADMIN_ROLE) is None:
        manager.sync_roles()
    ensure_user(manager, User(ADMIN, "Administrator", ADMIN_ROLE), password)


def ensure_declared(manager: Any, password: str) -> None:
    """The login that keeps what the stack file declares: it may change these kinds of object and nothing else."""
    rights = [(action, kind) for action in DECLARED_ACTIONS for kind in DECLARED_KINDS]
    manager.bulk_sync_roles([{"role": DECLARED, "perms": rights}])
    ensure_user(manager, User(DECLARED, "Declared objects", DECLARED), password)


def ensure_no_declared(manager: Any) -> None:
    """No such login where nothing is declared."""
    user = manager.find_user(username=DECLARED)
    if user is not None:
        user.roles = []
        manager.session.delete(user)
        manager.session.commit()
        print(f"{DECLARED} removed")  # noqa: T201


def ensure_user(manager: Any, wanted: User, password: str) -> None:
    """Create a user, or give it the password and the role."""
    role = manager.find_role(wanted.role)
    user = manager.find_user(username=wanted.name)
    if user is None:
        email = f"{wanted.name}@airflow-platform.local"
        made = manager.add_user(wanted.name, "Platform", wanted.last_name, email, role, password)
        _done(made, wanted, "created")
        return
    if not check_password_hash(user.password, password):
        # Ends the sessions of whoever is logged in, so only when it really changed.
        _done(manager.reset_password(user.id, password), wanted, "given its new password")
    if role not in user.roles or not user.active:
        user.active = True
        user.roles.append(role)
        _done(manager.update_user(user), wanted, "given back its role")


def _done(result: object, user: User, what: str) -> None:
    if not result:
        raise SystemExit(f"{user.name} could not be {what}; the lines above say why")
    print(f"{user.name} {what}")  # noqa: T201


def main() -> None:
    """Run all; a login only where its password is mounted. The arguments name the bundles from Git."""
    ensure_default_pool()
    if sys.argv[1:]:
        ensure_bundles(sys.argv[1:])
    ensure_reader()
    ensure_room_for_cleaning()
    with get_application_builder() as builder:
        if ADMIN_PASSWORD.exists():
            ensure_admin(builder.sm, ADMIN_PASSWORD.read_text().strip())
        if DECLARED_PASSWORD.exists():
            ensure_declared(builder.sm, DECLARED_PASSWORD.read_text().strip())
        else:
            ensure_no_declared(builder.sm)


if __name__ == "__main__":
    sys.exit(main())
