"""Patroni's configuration: what every instance reads, and what the cluster agrees on."""

import shlex
from typing import Any

import yaml

from components.contract import names
from components.contract.labels import ROLE_LABEL, PlatformLabels
from components.contract.secrets import logins
from components.postgres_ha import backup, restore
from components.postgres_ha.names import (
    AUTHORITY_PATH,
    BACKUP_USER,
    CERTIFICATE_PATH,
    CONFIGURE,
    DATA_PATH,
    KEY_PATH,
    PATRONI_PORT,
    REPLICATION_USER,
    REWIND_USER,
    SCOPE,
    SCOPE_LABEL,
    SCRIPTS_PATH,
    SOCKET_PATH,
    SUPERUSER,
)
from components.postgres_ha.parameters import agreed_parameters, local_parameters
from settings.postgres import Durability, PostgresSettings

_MANY_BYTES = 100 * 2**20
_CONFIGURE_MAP = "configure"
_OWN_MAP = "own"


def base_config(settings: PostgresSettings, labels: PlatformLabels) -> str:
    """`10-base.yml`: everything but passwords; what differs between instances comes by environment variables."""
    running = yaml.safe_load(running_config(settings, labels))
    return yaml.safe_dump({**running, "bootstrap": _bootstrap(settings)}, sort_keys=False, width=120)


def running_config(settings: PostgresSettings, labels: PlatformLabels) -> str:
    """The same without what is read only when the cluster is made: instances restart for a change of it."""
    return yaml.safe_dump(
        {
            "scope": SCOPE,
            "kubernetes": _kubernetes(labels),
            "restapi": _rest_api(),
            "ctl": {"cacert": AUTHORITY_PATH, "certfile": CERTIFICATE_PATH, "keyfile": KEY_PATH},
            "postgresql": {**_postgresql(settings), "pre_promote": _fence(labels)},
            # There is no device in a container that could reset a primary whose Patroni hangs; the quorum holds it back.
            "watchdog": {"mode": "off"},
        },
        sort_keys=False,
        width=120,
    )


def agreed_config(settings: PostgresSettings) -> dict[str, Any]:
    """What all instances agree on: read once when the cluster is made, brought up to date by a Job afterwards.

    A frozen or cut-off primary is replaced when `ttl` has run out: after 20 s with three instances, the least that Patroni
    takes (it raises a smaller value without a word), so that with what follows (the choice, the Service, the pooler) it is
    below the 25 to 40 s after which Airflow's workers give up. A primary whose server was killed is noticed within `loop_wait`. One instance has nobody to hand over to, so it may ask
    less often.
    """
    highly_available = settings.instances > 1
    timing = (20, 3, 5) if highly_available else (30, 10, 10)
    return {
        **dict(zip(("ttl", "loop_wait", "retry_timeout"), timing, strict=True)),
        "failsafe_mode": True,
        "check_timeline": True,
        **_synchronous(settings.durability),
        # The quorum keeps commits safe; the gate on lag would only rule out standbys during a large transaction.
        "maximum_lag_on_failover": _MANY_BYTES,
        "primary_start_timeout": 0 if highly_available else 300,
        "primary_stop_timeout": 60,
        "member_slots_ttl": "1h",
        "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": agreed_parameters(settings)},
        **restore.standby_cluster(settings),
    }


def agreed_text(settings: PostgresSettings) -> str:
    """The same as YAML."""
    return yaml.safe_dump(agreed_config(settings), sort_keys=False, width=120)


def _synchronous(durability: Durability) -> dict[str, Any]:
    synchronous = durability is not Durability.LOCAL
    return {
        "synchronous_mode": "quorum" if synchronous else False,
        "synchronous_mode_strict": durability is Durability.STRICT,
        "synchronous_node_count": 1,
    }


def _kubernetes(labels: PlatformLabels) -> dict[str, Any]:
    return {
        "labels": labels.selector(names.POSTGRES),
        "scope_label": SCOPE_LABEL,
        "role_label": ROLE_LABEL,
        "leader_label_value": "primary",
        "follower_label_value": "replica",
        "use_endpoints": False,
    }


def _fence(labels: PlatformLabels) -> str:
    """Command of an instance that is about to be promoted; see `fence.sh`."""
    selector = ",".join(f"{key}={value}" for key, value in labels.selector(names.POSTGRES).items())
    return shlex.join(["/bin/bash", f"{SCRIPTS_PATH}/fence.sh", ROLE_LABEL, selector])


def _rest_api() -> dict[str, Any]:
    return {
        "listen": f"0.0.0.0:{PATRONI_PORT}",
        "certfile": CERTIFICATE_PATH,
        "keyfile": KEY_PATH,
        "cafile": AUTHORITY_PATH,
        # Probes of the kubelet bring no certificate; what changes anything asks for the password.
        "verify_client": "optional",
    }


def _bootstrap(settings: PostgresSettings) -> dict[str, Any]:
    return {
        "dcs": agreed_config(settings),
        **restore.bootstrap(settings),
        # Roles and the database come from the configuring Job.
        "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
    }


def _postgresql(settings: PostgresSettings) -> dict[str, Any]:
    verified = {"sslmode": "verify-full", "sslrootcert": AUTHORITY_PATH}
    return {
        "listen": f"*:{names.POSTGRES_PORT}",
        "data_dir": DATA_PATH,
        "bin_dir": "/usr/lib/postgresql/17/bin",
        "pgpass": "/tmp/pgpass",  # noqa: S108 - a folder of the container's own
        "use_unix_socket": True,
        "use_unix_socket_repl": True,
        # What such an instance throws away was never acknowledged: with a quorum, every acknowledged commit is elsewhere.
        "remove_data_directory_on_rewind_failure": settings.durability is not Durability.LOCAL,
        "remove_data_directory_on_diverged_timelines": settings.durability is not Durability.LOCAL,
        # The default spreads the checkpoint that a copy begins with over most of `checkpoint_timeout`.
        "basebackup": {"checkpoint": "fast"},
        "authentication": {"replication": {**verified, **_certificate(settings)}, "rewind": dict(verified)},
        "pg_hba": _host_rules(settings),
        **_recovery(settings),
        **restore.replica_method(settings),
        "pg_ident": _identities(settings),
        "parameters": {**local_parameters(settings), "unix_socket_directories": SOCKET_PATH},
    }


def _recovery(settings: PostgresSettings) -> dict[str, Any]:
    """A standby that was away for long takes from the archive what its leader has no more."""
    return {"recovery_conf": {"restore_command": backup.restore_command()}} if backup.is_backed_up(settings) else {}


def _replication_methods(settings: PostgresSettings) -> tuple[str, str]:
    """How Patroni asks its own instance, and how instances follow one another.

    What was made from an archive has the source's passwords, a standby until it is promoted: no password then.
    """
    if settings.restore_from is None:
        return "scram-sha-256", "scram-sha-256"
    return f"peer map={_OWN_MAP}", f"cert map={_OWN_MAP}"


def _certificate(settings: PostgresSettings) -> dict[str, str]:
    """What an instance shows the one that it follows, where no password is asked for."""
    return {"sslcert": CERTIFICATE_PATH, "sslkey": KEY_PATH} if settings.restore_from else {}


def _identities(settings: PostgresSettings) -> list[str]:
    """Who is taken for which role: the configuring Job by its certificate, Patroni by its user id, instances by theirs.

    An instance's certificate and the user that it runs as have the superuser's name.
    """
    own = [f"{_OWN_MAP} {SUPERUSER} {login}" for login in logins(REPLICATION_USER)] if settings.restore_from else []
    return [f"{_CONFIGURE_MAP} {CONFIGURE} {SUPERUSER}", *own]


def _host_rules(settings: PostgresSettings) -> list[str]:
    """Who may connect from where.

    The superuser: inside the pod, and from the configuring Job by its certificate. Everybody else: by TLS and password,
    as either of the two logins that take turns; instances that were made from an archive follow one another by certificate.
    """

    def pair(name: str) -> str:
        return ",".join(logins(name))

    backup_users = [BACKUP_USER] if backup.is_backed_up(settings) else []
    own, others = _replication_methods(settings)
    return [
        "local all postgres peer",
        # Patroni asks a stopped primary for its timeline over the socket before it lets it lead again.
        f"local replication {pair(REPLICATION_USER)} {own}",
        f"local all {pair(names.MONITOR_USER)} scram-sha-256",
        f"hostssl all {SUPERUSER} all cert map={_CONFIGURE_MAP}",
        f"hostssl replication {pair(REPLICATION_USER)} all {others}",
        f"hostssl postgres {pair(REWIND_USER)} all scram-sha-256",
        *(
            f"hostssl {names.DATABASE} {pair(user)} all scram-sha-256"
            for user in (names.DATABASE_APP, names.DATABASE_OWNER_LOGIN, names.DATABASE_READER, *backup_users)
        ),
        "local all all reject",
        "host all all all reject",
    ]
