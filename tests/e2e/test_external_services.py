"""Preflights against real services of somebody else's, fit and unfit ones."""

from collections.abc import Generator
from typing import Any

import pytest

from components.contract.external_broker import AUTHORITY_FILE as BROKER_AUTHORITY_FILE
from components.contract.external_database import AUTHORITY_FILE, external_database
from components.contract.names import service_host
from components.postgres_ha import external as database
from components.postgres_ha.secrets import ADMIN_PASSWORD_FILE, LOGINS_FILE, consumers
from components.redis_ha import external as broker
from settings.load import parse
from settings.platform_settings import PlatformSettings
from tests.components.postgres_ha.arguments import arguments
from tests.components.redis_ha.arguments import arguments_of
from tests.e2e.conftest import Kubectl
from tests.e2e.theirs import NAMESPACE, START, Said, Theirs
from tests.harness import made_up_values
from tests.settings.external import with_broker, with_database
from tests.settings.stack_files import changed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ADMIN_PASSWORD = "p@ss/w=rd: 1"
POSTGRES, POOLER, VALKEY, CLUSTER = "theirs-postgres", "theirs-pooler", "theirs-valkey", "theirs-cluster"
POOLER_CONFIG = f"""
[databases]
* = host={service_host(POSTGRES, NAMESPACE)}
[pgbouncer]
listen_addr = *
pool_mode = transaction
listen_port = 5432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /files/userlist.txt
client_tls_sslmode = require
client_tls_cert_file = /certificates/tls.crt
client_tls_key_file = /certificates/tls.key
client_tls_ca_file = /certificates/tls.crt
server_tls_sslmode = require
"""
VALKEY_OPTIONS = [
    "valkey-server --port 0 --tls-port 6379 --tls-auth-clients no --dir /work",
    "--tls-cert-file /certificates/tls.crt --tls-key-file /certificates/tls.key --tls-ca-cert-file /certificates/tls.crt",
    "--requirepass secret --maxclients 5000",
]


@pytest.fixture(scope="module")
def theirs(kube: Kubectl) -> Generator[Theirs]:
    """A PostgreSQL, a pooler before it, a Valkey, and one in cluster mode."""
    kube("create", "namespace", NAMESPACE)
    found = Theirs(kube)
    try:
        start = ["bash", "/files/start.sh", ADMIN_PASSWORD, "weak"]
        image = found.image("statefulset", "postgres")
        found.serve(POSTGRES, image, 10010, start, port=5432, files={"start.sh": START})
        config = {"pgbouncer.ini": POOLER_CONFIG, "userlist.txt": f'"cloudadmin" "{ADMIN_PASSWORD}"'}
        image, start = found.image("deployment", "postgres-pooler"), ["pgbouncer", "/files/pgbouncer.ini"]
        found.serve(POOLER, image, 10020, start, port=5432, files=config)
        image = found.image("statefulset", "valkey")
        for name, option in ((VALKEY, "no"), (CLUSTER, "yes")):
            command = ["sh", "-c", f"exec {' '.join(VALKEY_OPTIONS)} --cluster-enabled {option}"]
            found.serve(name, image, 10030, command, port=6379, files={})
        found.wait_for(POSTGRES, POOLER, VALKEY, CLUSTER)
        yield found
    finally:
        kube("delete", "namespace", NAMESPACE, "--wait=false")


def ask_database(theirs: Theirs, case: str, password: str, pool_size: int = 20, **changes: Any) -> Said:
    place = {"host": theirs.host(POSTGRES), "authority": theirs.authority}
    values = with_database("dev", **{**place, **changes})
    values = changed(values, "postgres.pooler.poolSize", pool_size)
    settings = parse(changed(values, "postgres.maxConnections", pool_size + 40))
    there = external_database(settings)
    assert there
    (own,) = [item for item in consumers(settings) if item.name == "postgres-configure"]
    files = {
        ADMIN_PASSWORD_FILE: password,
        LOGINS_FILE: own.files[LOGINS_FILE].format(**made_up_values()),
        AUTHORITY_FILE: there.authority,
    }
    return theirs.ask(case, database.configure(arguments(settings=settings), there), files)


def test_a_database_that_fits_gets_the_platforms_roles_and_may_be_asked_again(theirs: Theirs) -> None:
    for case in ("fit", "fit-again"):
        said = ask_database(theirs, case, ADMIN_PASSWORD, adminUser="cloudadmin")
        assert said.succeeded, said.text
        assert "can be used" in said.text
    question = "SELECT current_user || ' ' || current_database()"
    login = "host=/work dbname=airflow user=airflow_owner_a"
    assert theirs.inside(POSTGRES, "psql", "-At", login, "-c", question).strip() == "airflow airflow"
    verifiers = "SELECT count(*) FROM pg_authid WHERE rolname ~ '_a$' AND rolpassword LIKE 'SCRAM-SHA-256$%'"
    superuser = "host=/work dbname=airflow user=super"
    assert theirs.inside(POSTGRES, "psql", "-At", superuser, "-c", verifiers).strip() == "4"


def test_a_database_that_does_not_says_all_that_is_wrong_at_once(theirs: Theirs) -> None:
    said = ask_database(theirs, "unfit", "weak", pool_size=200, adminUser="nobody", database="latin")
    assert not said.succeeded
    for problem in (
        "5 problems",
        "postgres.external.adminUser = nobody: it may not create roles",
        "postgres.external.database = latin: it belongs to super, and nobody may not grant rights in it",
        "the role airflow on this service belongs to a stack with the database airflow",
        "its encoding is LATIN1",
        "its max_connections is 60, and this stack's poolers and Jobs need 220",
    ):
        assert problem in said.text, said.text


def test_a_foreign_authority_is_refused(theirs: Theirs) -> None:
    said = ask_database(theirs, "stranger", ADMIN_PASSWORD, adminUser="cloudadmin", authority=theirs.stranger)
    assert not said.succeeded
    assert "its certificate cannot be verified" in said.text


def test_a_pooler_in_transaction_mode_is_found_out(theirs: Theirs) -> None:
    said = ask_database(theirs, "pooled", ADMIN_PASSWORD, adminUser="cloudadmin", host=theirs.host(POOLER))
    assert not said.succeeded
    assert "a pooler in transaction mode stands there" in said.text


def ask_broker(theirs: Theirs, case: str, server: str) -> Said:
    host = theirs.host(server)
    settings: PlatformSettings = parse(with_broker("dev", host=host, authority=theirs.authority, user="default"))
    there = settings.redis.external
    assert there
    files = {broker.PASSWORD_FILE: "secret", BROKER_AUTHORITY_FILE: theirs.authority}
    return theirs.ask(case, broker.preflight(arguments_of(settings), there), files)


def test_a_broker_that_fits_is_let_in(theirs: Theirs) -> None:
    said = ask_broker(theirs, "broker", VALKEY)
    assert said.succeeded, said.text


def test_a_broker_in_cluster_mode_is_refused_with_the_reason(theirs: Theirs) -> None:
    said = ask_broker(theirs, "cluster", CLUSTER)
    assert not said.succeeded
    assert "cluster mode" in said.text
