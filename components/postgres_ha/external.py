"""A database that somebody else runs: the Job that looks at it first and then makes the platform's roles in it."""

from components.contract import external_database, names
from components.contract.preflights import Preflight
from components.contract.secrets import logins
from components.postgres_ha.args import PostgresHAArgs
from components.postgres_ha.manifests.common import script
from components.postgres_ha.names import COMPONENT, CONFIGURE
from components.postgres_ha.secrets import ADMIN_PASSWORD_FILE, CLIENT_LOGINS, LOGINS_FILE
from settings.connection_proofs import server_connections
from settings.external import ExternalPostgresSettings

_SCRIPT = "external_database.py"


def configure(args: PostgresHAArgs, database: ExternalPostgresSettings) -> Preflight:
    """The Job."""
    return Preflight(
        name=CONFIGURE,
        component=COMPONENT,
        namespace=args.namespace,
        labels=args.labels,
        image=args.images.airflow,
        priority_class=args.priority_class,
        secret=args.secrets[CONFIGURE],
        script=_SCRIPT,
        text=script(_SCRIPT),
        told={
            "host": database.host,
            "port": database.port,
            "database": database.database,
            "adminUser": database.admin_user,
            "adminPasswordFile": ADMIN_PASSWORD_FILE,
            "loginsFile": LOGINS_FILE,
            "authority": external_database.AUTHORITY_PATH,
            "connections": server_connections(args.settings),
            "maxRoundTripMilliseconds": database.max_round_trip_milliseconds,
            "ownerRole": names.DATABASE_OWNER,
            "appRole": names.DATABASE_APP,
            "readerRole": names.DATABASE_READER,
            "monitorRole": names.MONITOR_USER,
            # Both logins of each: the one that is out of use is shut out.
            "everyLogin": [login for group in CLIENT_LOGINS for login in logins(group)],
        },
    )
