"""One platform's life in the order of the runbooks: backups looked at, lost and restored, followed, promoted, upgraded.

Each test goes on with the stacks that the one before left.
"""

import json
import re
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from local import paths
from local.cluster.layout import POD_RANGE
from local.stacks import stack_config
from tests.drills import faults, runbooks
from tests.drills.recovery.places import SHARED_CLASS, Place, archive_volume, give_archive, share_archive
from tests.drills.reports import machine, write_report
from tests.drills.runbooks import Command, Reader
from tests.drills.waiting import DrillError, wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(2400)]

SOURCE_CLAIM = "source-archive"
SOURCE = {"generation": 2, "claim": SOURCE_CLAIM}
PROMOTED = {"restoreFrom": {**SOURCE, "follow": False}}
ALERT_PAGES = (
    "BackupTooOld",
    "BackupDamaged",
    "WalArchiveFailing",
    "RestoreDrillFailed",
    "PostgresNoPrimary",
    "CertificatesExpiring",
)
STANDBY_PAGES = ("StandbyNotFollowing", "StandbyBehind")
OF_EXTERNAL = "deploy/postgres-exporter"
PASSPHRASES = {
    "restore_repository_passphrase": "repository-passphrase",
    "backup_escrow_passphrase": "escrow-passphrase",
}
OF_THREE = {"instances": 3, "durability": "strict"}
VOLUME = {"size": "3Gi", "className": SHARED_CLASS, "accessMode": "ReadWriteMany"}
_HEARTBEAT = "SELECT to_char(at, 'YYYYMMDDHH24MISS') FROM airflow_platform.heartbeat"
ESCROWED = ("api_secret_key", "fernet_key", "jwt_private_key")

measured: dict[str, Any] = {}
"""What all of them found, for the one report."""


@pytest.fixture(scope="module", autouse=True)
def written() -> Generator[None]:
    """Writes the report when all is over."""
    yield
    write_report("recovery", {"machine": machine(), **measured})


def backup(first: Place, **settings: Any) -> dict[str, Any]:
    """`postgres.backup` with these settings besides."""
    return {**stack_config(first.name)["airflow-platform:postgres"]["backup"], **settings}


@contextmanager
def damaged(file: Path) -> Generator[None]:
    """A file with one byte that is another, while the block runs."""
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
    try:
        yield
    finally:
        file.write_bytes(whole)


def verified(first: Place, name: str) -> bool:
    """Ask for a look at every file; whether all are whole."""
    job = ("-n", first.data, "get", "job", name, "-o", "jsonpath={.status.succeeded}/{.status.failed}")
    first.kubectl("-n", first.data, "create", "job", "--from=cronjob/postgres-backup-verify", name)
    wait_for("it has ended", 600, lambda: first.kubectl(*job) != "/")
    return first.kubectl(*job) == "1/"


def alert_state(place: Place, alert: str) -> str:
    """`inactive`, `pending` or `firing`, by the stack's own Prometheus."""
    (group,) = place.prometheus("rules")["groups"]
    return next(rule["state"] for rule in group["rules"] if rule["name"] == alert)


@pytest.mark.parametrize("page", ALERT_PAGES)
def test_the_commands_of_the_alerts_pages_work(first: Place, page: str) -> None:
    do_inline(first, page)


@pytest.fixture(scope="module")
def upgrading() -> Callable[[Place, Place], Reader]:
    """Somebody who does the page on PostgreSQL's versions: the old stack and the new one."""
    done: set[Command] = set()

    def read(old: Place, new: Place) -> Reader:
        names = {"NAMESPACE": old.airflow, "DATA": old.data, "NEW": new.data}
        return Reader("upgrade-postgres", new.name, names, done)

    return read


Upgrading = Callable[[Place, Place], Reader]


def test_a_minor_version(first: Place, upgrading: Upgrading) -> None:
    first.keep("before the minor upgrade")
    older = first.query("SHOW server_version")
    measured["minor_deployment_seconds"] = first.deployed(images=first.images())
    said = upgrading(first, first).follow("Minor version")
    newer = first.query("SHOW server_version")
    assert older.split()[0] != newer.split()[0]
    assert f"postgres (PostgreSQL) {newer.split()[0]}" in said
    assert re.search(r"Leader *\| *running", said)
    assert first.kept() == "before the minor upgrade"
    measured["minor"] = {"from": older, "to": newer}


def do_inline(place: Place, page: str) -> None:
    """Run the commands in a page's sentences."""
    commands = [text for text in runbooks.inline(page) if OF_EXTERNAL not in text]
    assert commands
    for text in commands:
        runbooks.run(text.replace("airflow-data", place.data), place.name, {}, timeout=180)


def test_a_damaged_backup_is_found(first: Place) -> None:
    first.kubectl("-n", first.data, "create", "job", "--from=cronjob/postgres-backup-diff", "diff-of-the-drill")
    kinds = "SELECT string_agg(DISTINCT kind, ',' ORDER BY kind) FROM airflow_platform.backups"
    wait_for("there is a differential backup", 180, lambda: first.query(kinds) == "diff,full")
    volume, _ = archive_volume(first)
    folder = volume / "airflow-platform" / "1" / "backup" / "platform"
    largest = max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    assert verified(first, "verify-whole")
    with damaged(largest):
        assert not verified(first, "verify-damaged")
    wait_for("the alert is up", 120, lambda: alert_state(first, "BackupDamaged") == "pending")
    said = first.kubectl("-n", first.data, "logs", "job/verify-damaged")
    assert verified(first, "verify-mended")
    wait_for("the alert is gone", 120, lambda: alert_state(first, "BackupDamaged") == "inactive")
    measured["damaged_file"] = {"bytes": largest.stat().st_size, "said": said.splitlines()[-12:]}


@pytest.fixture(scope="module")
def restoring() -> Callable[[Place], Reader]:
    """Somebody who does the page on restores on a stack."""
    done: set[Command] = set()
    return lambda place: Reader("restore", place.name, {"NAMESPACE": place.data}, done)


Restoring = Callable[[Place], Reader]


def test_the_same_stack_is_restored(first: Place, restoring: Restoring) -> None:
    first.keep("before the loss")
    first.until_archived()
    page = restoring(first)
    begun = time.monotonic()
    page.follow("The same stack: its volumes are lost, or its data is")
    measured["restore_deployment_seconds"] = first.deployed(
        postgres={"backup": backup(first, generation=2), "restoreFrom": {"generation": 1}}
    )
    # Airflow's processes ended while there was no database; each is started again after a pause that grows.
    wait_for("Airflow reads what it wrote before", 300, lambda: first.kept() == "before the loss")
    measured["restore_until_airflow_reads_seconds"] = round(time.monotonic() - begun, 1)
    first.until_backed_up()
    said = page.follow("See that it is right")
    assert re.search(r"Leader *\| *running", said)
    assert "full" in said
    runbooks.run("make drill-restore", first.name, {})
    first.smoke()


@pytest.fixture(scope="module")
def keys(first: Place, restoring: Restoring) -> Mapping[str, str]:
    """What a stack needs that is made from the first one's archive."""
    page = restoring(first)
    page.follow("# Restore", only="SECRET=")
    given = {name: page.follow("# Restore", only=file) for name, file in PASSPHRASES.items()}
    file = paths.checkout() / "build" / "escrow-passphrase"
    file.write_text(given["backup_escrow_passphrase"])
    given |= json.loads(page.follow("Keys", only="open_escrow"))
    page.follow("Keys", only="rm ")
    assert not file.exists()
    return {name: given[name] for name in (*PASSPHRASES, *ESCROWED)}


def deployed_beside(first: Place, other: Place, **settings: Any) -> Any:
    """Deploy a stack that reads the first one's archive; it gets at it as soon as its namespace is there."""
    with ThreadPoolExecutor() as pool:
        shared = pool.submit(share_archive, first, other, SOURCE_CLAIM)
        result = other.deploy(**settings)
        if missing := shared.exception():
            raise DrillError(result.stdout + result.stderr) from missing
    return result


def test_another_stack_stops_without_the_keys(
    first: Place, elsewhere: Place, keys: Mapping[str, str], restoring: Restoring
) -> None:
    given = {"restore_repository_passphrase": keys["restore_repository_passphrase"]}
    result = deployed_beside(
        first,
        elsewhere,
        postgres={"restoreFrom": {"generation": 2, "claim": SOURCE_CLAIM}},
        credentials={"given": list(given)},
        givenValues=given,
    )
    assert result.returncode == 1
    assert "encrypted with other keys than this stack's" in result.stdout + result.stderr
    page = restoring(elsewhere)
    page.follow("Keys", only="ORIGIN")
    taken = elsewhere.query("SELECT origin FROM airflow_platform.restored ORDER BY at DESC LIMIT 1")
    assert taken == f"{SOURCE_CLAIM}/source-backups/airflow-platform/2 at the end, archived to /airflow-platform/1"
    assert page.left() == []


def members(place: Place, asked: str = "postgres-0") -> dict[str, tuple[str, str]]:
    """Role and state of each of a stack's instances, as one of them sees it."""
    patronictl = ("patronictl", "-c", "/etc/patroni", "list", "--format", "json")
    listed = json.loads(place.kubectl("-n", place.data, "exec", asked, "-c", "postgres", "--", *patronictl))
    return {found["Member"]: (found["Role"], found["State"]) for found in listed}


def standby_leader(place: Place, asked: str = "postgres-0") -> str:
    """The instance that reads the archive; empty while none does."""
    return next((name for name, (role, _) in members(place, asked).items() if role == "Standby Leader"), "")


def all_follow(place: Place) -> bool:
    """One reads the archive, and the others stream from it."""
    return sorted(members(place).values()) == [
        ("Replica", "streaming"),
        ("Replica", "streaming"),
        ("Standby Leader", "in archive recovery"),
    ]


def freeze_who_reads(place: Place) -> dict[str, float]:
    """The instance that reads the archive hangs; how long until another one does, and until all follow again."""
    lost = standby_leader(place)
    instances = {pod.name: pod for pod in place.pods(place.data, "postgres")}
    other = next(name for name in instances if name != lost)
    with faults.frozen(instances[lost], "postgres"):
        taken = wait_for("another one reads the archive", 90, lambda: standby_leader(place, other) not in ("", lost))
    whole = wait_for("all follow again", 180, lambda: all_follow(place))
    return {"another_reads_after_seconds": round(taken, 1), "then_all_follow_after_seconds": round(whole, 1)}


def make_standby(first: Place, other: Place, keys: Mapping[str, str], **postgres: Any) -> None:
    """Deploy a stack that follows the first one's archive and has a shared volume for its own."""
    give_archive(first, other)
    result = deployed_beside(
        first,
        other,
        postgres={**postgres, "backup": backup(first, volume=VOLUME), "restoreFrom": {**SOURCE, "follow": True}},
        credentials={"given": list(keys)},
        givenValues=keys,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_standby_of_one_is_promoted_and_raised(first: Place, single: Place, keys: Mapping[str, str]) -> None:
    """The cheapest standby: one instance until it is promoted, and three from then on."""
    make_standby(first, single, keys)
    assert members(single) == {"postgres-0": ("Standby Leader", "in archive recovery")}
    promotion = single.deployed(postgres=PROMOTED)
    single.keep("before it was raised")
    (alone,) = single.pods(single.data, "postgres")
    measured["standby_of_one"] = {
        "promotion_deployment_seconds": promotion,
        "raising_deployment_seconds": single.deployed(postgres=OF_THREE),
        "then_a_quorum_after_seconds": round(wait_for("a quorum of three", 180, lambda: quorum_of_three(single)), 1),
        "first_instance_was_renewed": single.pods(single.data, "postgres")[0].uid != alone.uid,
    }
    assert single.kept() == "before it was raised"
    single.smoke()


def quorum_of_three(place: Place) -> bool:
    """One leads, and each commit waits for one of the two others."""
    return sorted(role for role, _ in members(place).values()) == ["Leader", "Quorum Standby", "Quorum Standby"]


def test_a_standby_follows_and_is_promoted(first: Place, standby: Place, keys: Mapping[str, str]) -> None:
    make_standby(first, standby, keys, **OF_THREE)
    wait_for("all three follow", 180, lambda: all_follow(standby))
    page = Reader(
        "disaster-recovery",
        standby.name,
        {"NAMESPACE": standby.data, "FIRST": first.airflow, "FIRST_DATA": first.data},
    )
    assert re.search(r"Standby Leader *\| *in archive recovery", page.follow("See that it follows"))
    for alerts_page in STANDBY_PAGES:
        do_inline(standby, alerts_page)
    # What the alerts look at is there, and says that it follows.
    following = "max(patroni_standby_leader) == 1 and time() - max(patroni_xlog_replayed_timestamp) < 120"
    wait_for(
        "its Prometheus sees it follow", 180, lambda: standby.prometheus(f"query?query={quote(following)}")["result"]
    )
    behind = standby.query("SELECT extract(epoch FROM now() - at) FROM airflow_platform.heartbeat")
    reader_frozen = freeze_who_reads(standby)
    first.keep("after the standby began")
    newest = first.query(_HEARTBEAT)
    page.follow("Promote it")
    waited = wait_for("the standby has what was archived", 180, lambda: standby.query(_HEARTBEAT) >= newest)
    measured["standby"] = {
        "behind_seconds": round(float(behind), 1),
        "reader_frozen": reader_frozen,
        "stopped_until_all_arrived_seconds": round(waited, 1),
        "promotion_deployment_seconds": standby.deployed(postgres=PROMOTED),
    }
    assert quorum_of_three(standby), members(standby)
    assert standby.kept() == "after the standby began"
    standby.smoke()
    assert page.left() == []


def test_a_new_stack_is_filled_from_the_old_one(standby: Place, green: Place, upgrading: Upgrading) -> None:
    page = upgrading(standby, green)
    standby.keep("before the upgrade")
    page.follow("Major version", only="SECRET")
    files = dict(line.split(" ", 1) for line in page.follow("Major version", only="go-template").splitlines())
    login = re.match(r"[^:]+://([^:]+):([^@]+)@([^:/]+)", files["database_url"])
    assert login
    page.follow("Major version", only="apply")
    if has_keda(standby):
        page.follow("Major version", only="annotate")
    page.follow("Major version", only="scale deployment --all")
    page.follow("Major version", only="wait", timeout=900)
    page.follow("Major version", only="postgres-pooler")
    seconds = green.deployed(
        postgres={
            "importFrom": {
                "host": login[3],
                "user": login[1],
                "networks": [POD_RANGE],
                "authority": str(standby.outputs()["authority_certificate"]),
            }
        },
        credentials={"given": ["import_password", "fernet_key"]},
        givenValues={"import_password": login[2], "fernet_key": files["fernet_key"]},
    )
    said = page.follow("Major version", only="logs")
    measured["major"] = {"deployment_seconds": seconds, "said": said.splitlines()}
    assert green.kept() == "before the upgrade"
    green.smoke()
    page.follow("Major version", only="delete networkpolicy")
    left = page.left()
    assert left == [] or (not has_keda(standby) and "scaledobjects" in left[0] and len(left) == 1)


def has_keda(place: Place) -> bool:
    try:
        place.kubectl("get", "crd", "scaledobjects.keda.sh")
    except DrillError:
        return False
    return True
