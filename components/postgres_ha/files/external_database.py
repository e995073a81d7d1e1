# pyright: basic, reportMissingModuleSource=false, reportMissingImports=false
"""Whether a PostgreSQL that somebody else runs can be the metadata database; if so, makes the platform's roles in it.

May run at any time: what is there stays, logins that are let in get their passwords, the others of our making are shut
out. The service's administrator creates roles without being a superuser. Runs inside the Airflow image.
"""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import psycopg2
from preflight import Problem, RefusedError, reach, round_trip_milliseconds, run, say, secret, told, verify
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

SECTION = "postgres.external"
OLDEST, NEWEST = 15, 18
"""Major versions that Airflow is tested with, of those that PostgreSQL's makers still mend."""
MEMBERSHIPS_HAVE_OPTIONS = 160000
"""Since this version who creates a role may grant it, and is not a member of it."""
_TLS_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])
"""The protocol's SSLRequest."""
_READER_CONNECTIONS, _MONITOR_CONNECTIONS = 60, 5
_POOLER_TRIES = 5
_USERS = "Give the name of a role that may create roles, as the service's first administrator can"


class Look:
    """Everything that is looked at."""

    def __init__(self, config: dict) -> None:
        self.config = config
        self.host, self.port, self.admin = config["host"], config["port"], config["adminUser"]
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        """Every problem that can be found; the roles are made when there is none."""
        reach(SECTION, self.host, self.port)
        context = ssl.create_default_context(cafile=self.config["authority"])
        # As strictly as the clients, which are libpq's and Go's.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        verify(SECTION, self.host, self.port, context, self._ask_for_tls)
        database = self._log_in("postgres")
        there = Found(database, self.config)
        self._server(database, there)
        self._rights(there)
        self._names(there)
        if there.database:
            self._own_database(there)
        if not self.problems:
            self._make(database, there)
        return self.problems

    def _make(self, database: psycopg2.extensions.connection, there: "Found") -> None:
        try:
            Roles(self.config, there).make(database, self._connect)
        except psycopg2.OperationalError as error:
            # Trying again may help.
            raise SystemExit(f"the connection was lost: {error}") from None
        except psycopg2.Error as error:
            reason = f"the service refuses a statement that makes the platform's roles ({' '.join(str(error).split())})"
            self._add("adminUser", self.admin, reason, _USERS)

    def _ask_for_tls(self, connection: socket.socket) -> None:
        connection.sendall(_TLS_REQUEST)
        if connection.recv(1) != b"S":
            raise ssl.SSLError("the server declines TLS")

    def _connect(self, database: str) -> psycopg2.extensions.connection:
        connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            dbname=database,
            user=self.admin,
            password=secret(self.config["adminPasswordFile"]),
            sslmode="verify-full",
            sslrootcert=self.config["authority"],
            connect_timeout=10,
            application_name="airflow-platform-configure",
        )
        connection.autocommit = True
        return connection

    def _log_in(self, database: str) -> psycopg2.extensions.connection:
        try:
            return self._connect(database)
        except psycopg2.OperationalError as error:
            said = " ".join(str(error).split()).rpartition("FATAL: ")[2].strip() or str(error)
            way_out = (
                "Correct it, or database_admin_password in the stack secret givenValues; or let this cluster's pods in at "
                "the service"
            )
            raise RefusedError(
                self._problem("adminUser", self.admin, f"the log-in is refused ({said})", way_out)
            ) from None

    def _server(self, database: psycopg2.extensions.connection, there: "Found") -> None:
        major = database.server_version // 10000
        say(f"PostgreSQL {there.version}")
        if major < OLDEST:
            self._add("host", self.host, f"it runs PostgreSQL {major}", f"Upgrade it to {OLDEST} or newer")
        if major > NEWEST:
            say(f"warning: Airflow is tested with PostgreSQL up to {NEWEST}")
        if there.read_only:
            reason = f"it takes no writes ({there.read_only})"
            self._add(
                "host", self.host, reason, "Write the name of the primary's endpoint, the one for reading and writing"
            )
        wanted = self.config["connections"]
        if there.max_connections < wanted:
            reason = f"its max_connections is {there.max_connections}, and this stack's poolers and Jobs need {wanted}"
            way_out = "Raise it there, or lower postgres.pooler.poolSize"
            self._add("host", self.host, reason, way_out)
        if self._is_pooled(database):
            reason = (
                "a pooler in transaction mode stands there: two sessions share one connection, and a migration's locks "
                "would hold for nobody"
            )
            self._add(
                "port", self.port, reason, "Write host and port of the database itself; the platform brings a pooler"
            )
        self._speed(database)

    def _speed(self, database: psycopg2.extensions.connection) -> None:
        with database.cursor() as cursor:
            taken, most = (
                round_trip_milliseconds(lambda: cursor.execute("SELECT 1")),
                self.config["maxRoundTripMilliseconds"],
            )
        say(f"round trip {taken:.2f} ms")
        if taken > most:
            reason = f"half of all answers take {taken:.1f} ms and more"
            way_out = f"Use one in the same region, or raise {SECTION}.maxRoundTripMilliseconds"
            self._add("maxRoundTripMilliseconds", most, reason, way_out)

    def _is_pooled(self, first: psycopg2.extensions.connection) -> bool:
        """Whether two sessions that are both open are one process there."""
        second = self._log_in("postgres")
        try:
            for _ in range(_POOLER_TRIES):
                if _value(first, "SELECT pg_backend_pid()") == _value(second, "SELECT pg_backend_pid()"):
                    return True
            return False
        finally:
            second.close()

    def _rights(self, there: "Found") -> None:
        if there.superuser:
            say(f"warning: {self.admin} is a superuser; one that may create roles is enough")
            return
        if not there.create_role:
            reason = "it may not create roles"
            self._add("adminUser", self.admin, reason, f"Run ALTER ROLE {self.admin} CREATEROLE there. {_USERS}")
        name = self.config["database"]
        if not there.database and not there.create_database:
            way_out = f"Run ALTER ROLE {self.admin} CREATEDB there, or make the database, owned by {self.admin}"
            self._add("database", name, f"it is not there, and {self.admin} may not create it", way_out)
        if there.database and not there.owns_database:
            way_out = f"Run ALTER DATABASE {name} OWNER TO {self.admin} there, or name another database"
            self._add(
                "database", name, f"it belongs to {there.owner}, and {self.admin} may not grant rights in it", way_out
            )

    def _names(self, there: "Found") -> None:
        """The platform's roles are of the whole service, and one stack's must not become another's."""
        name = self.config["database"]
        if there.other_database:
            reason = f"the role {self.config['ownerRole']} on this service belongs to a stack with the database {there.other_database}"
            self._add("database", name, reason, "Give each stack a service of its own, or name that stack's database")
        elif there.foreign_roles:
            reason = f"there are roles that {self.admin} has no ADMIN OPTION on: {', '.join(there.foreign_roles)}"
            way_out = f"Run GRANT <role> TO {self.admin} WITH ADMIN OPTION there for each, or drop them when nothing uses them"
            self._add("adminUser", self.admin, reason, way_out)

    def _own_database(self, there: "Found") -> None:
        name = self.config["database"]
        if there.encoding != "UTF8":
            way_out = "Make it anew with ENCODING 'UTF8' TEMPLATE template0, or name another database"
            self._add("database", name, f"its encoding is {there.encoding}", way_out)
        if not there.owns_database:
            return  # said already, and it may not let this log-in in
        database = self._log_in(name)
        if not _value(database, "SELECT count(*) FROM pg_language WHERE lanname = 'plpgsql'"):
            reason = "it lacks the extension plpgsql, which Airflow's migrations use"
            self._add("database", name, reason, "Run CREATE EXTENSION plpgsql there")
        database.close()

    def _problem(self, key: str, value: object, reason: str, way_out: str) -> Problem:
        return Problem(f"{SECTION}.{key}", value, reason, way_out)

    def _add(self, key: str, value: object, reason: str, way_out: str) -> None:
        self.problems.append(self._problem(key, value, reason, way_out))


class Found:
    """What the server says of itself, of the database and of who logs in."""

    def __init__(self, connection: psycopg2.extensions.connection, config: dict) -> None:
        self._connection = connection
        self.version = self._ask("SHOW server_version")
        self.max_connections = int(self._ask("SHOW max_connections"))
        standby = "it is a standby" if self._ask("SELECT pg_is_in_recovery()") else ""
        self.read_only = standby or ("it is read-only" if self._ask("SHOW transaction_read_only") == "on" else "")
        self.superuser, self.create_role, self.create_database = self._row(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        self.database, self.owner, self.encoding, self.owns_database = self._row(
            "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), pg_has_role(datdba, 'USAGE')"
            " FROM pg_database WHERE datname = %s",
            config["database"],
        ) or ("", "", "", False)
        roles = [
            config["ownerRole"],
            config["appRole"],
            config["readerRole"],
            config["monitorRole"],
            *config["everyLogin"],
        ]
        self.foreign_roles = self._foreign(roles)
        noted = self._ask(
            "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", config["ownerRole"]
        )
        self.other_database = noted if noted and noted != config["database"] else ""

    def _foreign(self, roles: list[str]) -> list[str]:
        """Those that are there and that the administrator may not change; before PostgreSQL 16 there were none such."""
        if self.superuser or self._connection.server_version < MEMBERSHIPS_HAVE_OPTIONS:
            return []
        ours = (
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT pg_has_role(oid, 'USAGE WITH ADMIN OPTION')"
        )
        return sorted(row[0] for row in _rows(self._connection, ours, roles))

    def _ask(self, question: str, *values: object) -> Any:
        row = self._row(question, *values)
        return row[0] if row else None

    def _row(self, question: str, *values: object) -> Any:
        return next(iter(_rows(self._connection, question, *values)), None)


class Roles:
    """Makes roles, logins and the database, and says who may do what there."""

    def __init__(self, config: dict, there: Found) -> None:
        self.config, self.there = config, there
        self.wanted = [line.split(" ", 2) for line in dict.fromkeys(secret(config["loginsFile"]).splitlines())]

    def make(self, server: psycopg2.extensions.connection, connect) -> None:
        """All of it, each part at once or not at all."""
        _at_once(server, self._roles, self._logins)
        self._let_monitor(server)
        name = sql.Identifier(self.config["database"])
        if not self.there.database:
            # The owner is a role that the administrator has just become a member of.
            text = "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0"
            with server.cursor() as cursor:
                cursor.execute(sql.SQL(text).format(name, sql.Identifier(self.config["ownerRole"])))
            say(f"made the database {self.config['database']}")
        database = connect(self.config["database"])
        _at_once(database, self._grants)
        database.close()
        say("roles and logins are up to date")

    def _roles(self, server: psycopg2.extensions.connection) -> Iterator[sql.Composed]:
        """What may be done; nobody logs in by these names."""
        owner = sql.Identifier(self.config["ownerRole"])
        for role in dict.fromkeys(role for role, _, _ in self.wanted):
            if not _exists(server, role):
                yield sql.SQL("CREATE ROLE {}").format(sql.Identifier(role))
            yield sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(role))
        yield sql.SQL("COMMENT ON ROLE {} IS {}").format(owner, sql.Literal(self.config["database"]))
        # Who made a role may grant it, but has none of its rights before it is a member.
        form = " WITH INHERIT TRUE, SET TRUE" if server.server_version >= MEMBERSHIPS_HAVE_OPTIONS else ""
        yield sql.SQL("GRANT {} TO CURRENT_USER" + form).format(owner)

    def _logins(self, server: psycopg2.extensions.connection) -> Iterator[sql.Composed]:
        """Who logs in; a password travels as its verifier, so that no log holds it."""
        limits = {self.config["readerRole"]: _READER_CONNECTIONS, self.config["monitorRole"]: _MONITOR_CONNECTIONS}
        for role, login, password in self.wanted:
            name, group = sql.Identifier(login), sql.Identifier(role)
            if not _exists(server, login):
                yield sql.SQL("CREATE ROLE {}").format(name)
            verifier = encrypt_password(password, login, server, "scram-sha-256")
            yield sql.SQL("ALTER ROLE {} LOGIN CONNECTION LIMIT {} PASSWORD {}").format(
                name, sql.Literal(limits.get(role, -1)), sql.Literal(verifier)
            )
            yield sql.SQL("GRANT {} TO {}").format(group, name)
            if role == self.config["ownerRole"]:
                # What it makes belongs to the owner, whichever of the two logins it is.
                yield sql.SQL("ALTER ROLE {} SET role = {}").format(name, sql.Literal(role))
            if role == self.config["readerRole"]:
                yield sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(name)
        for login in set(self.config["everyLogin"]) - {login for _, login, _ in self.wanted}:
            if _exists(server, login):
                yield sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(login))

    def _let_monitor(self, server: psycopg2.extensions.connection) -> None:
        """The exporter sees more as a member of pg_monitor, which not every administrator may grant."""
        try:
            with server.cursor() as cursor:
                cursor.execute(sql.SQL("GRANT pg_monitor TO {}").format(sql.Identifier(self.config["monitorRole"])))
        except psycopg2.errors.InsufficientPrivilege:
            say(
                "warning: pg_monitor cannot be granted, so some metrics are missing; connections and commits are counted"
            )

    def _grants(self, _: psycopg2.extensions.connection) -> Iterator[sql.Composed]:
        """Who may do what in the database."""
        names = {key: sql.Identifier(self.config[f"{key}Role"]) for key in ("owner", "app", "reader", "monitor")}
        names["database"] = sql.Identifier(self.config["database"])
        defaults = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
        for text in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT ALL ON DATABASE {database} TO {owner}",
            "GRANT CONNECT ON DATABASE {database} TO {app}, {reader}, {monitor}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
            "GRANT USAGE ON SCHEMA public TO {app}, {reader}",
            f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{app}}",
            f"{defaults} GRANT USAGE, SELECT ON SEQUENCES TO {{app}}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}",
        ):
            yield sql.SQL(text).format(**names)


def _rows(connection: psycopg2.extensions.connection, question: str, *values: object) -> list:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchall()


def _value(connection: psycopg2.extensions.connection, question: str):
    return _rows(connection, question)[0][0]


def _at_once(connection: psycopg2.extensions.connection, *parts) -> None:
    """All statements of all parts, or none; each part may look at what the statements before have made."""
    connection.autocommit = False
    with connection, connection.cursor() as cursor:
        for part in parts:
            for statement in part(cursor.connection):
                cursor.execute(statement)
    connection.autocommit = True


def _exists(connection: psycopg2.extensions.connection, role: str) -> bool:
    return bool(_rows(connection, "SELECT rolname FROM pg_roles WHERE rolname = %s", role))


if __name__ == "__main__":
    found = told()
    run(f"the database {found['host']}:{found['port']}/{found['database']}", Look(found).run)
