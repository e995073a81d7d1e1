"""Stacks that use services of somebody else's, as values of a stack file."""

from datetime import date
from typing import Any

from components.credentials import certificates
from tests.settings.stack_files import values_of

AUTHORITY = certificates.pem(
    certificates.authority(bytes(32), certificates.Validity(issued=date(2026, 11, 1), days=3650)).certificate
)
"""A certificate that can be read."""
GIVEN = {"broker_airflow_password": "p@ss/w=rd", "database_admin_password": "p@ss w=rd"}


def with_broker(stack: str, **external: Any) -> dict[str, Any]:
    """The values of a stack file with an external broker in place of its own."""
    broker = {"host": "broker.example.com", "user": "airflow@home", "networks": ["10.20.0.0/24"]}
    return {
        **values_of(stack),
        "redis": {"mode": "external", "external": {**broker, **external}},
        "credentials": {"given": ["broker_airflow_password"]},
    }


def with_database(stack: str, **external: Any) -> dict[str, Any]:
    """The values of a stack file with an external database in place of its own; its pooler and budget stay."""
    values = values_of(stack)
    own = {key: values["postgres"][key] for key in ("maxConnections", "pooler") if key in values["postgres"]}
    database = {"host": "database.example.com", "authority": AUTHORITY, "networks": ["10.30.0.0/24"]}
    return {
        **values,
        "postgres": {**own, "mode": "external", "external": {**database, **external}},
        "credentials": {"given": ["database_admin_password"]},
    }


COMMIT = "1f0c3a7d5b9e42861f0c3a7d5b9e42861f0c3a7d"
BUNDLE: dict[str, Any] = {
    "url": "https://git.example.com:8443/team/dags.git",
    "ref": COMMIT,
    "subdir": "flows",
    "user": "robot",
    "tokenFrom": "team_token",
    "authority": AUTHORITY,
    "networks": ["10.40.0.0/24"],
}
"""DAGs from a Git server of somebody's own."""
