"""What the program renders, read by the Airflow that it is rendered for."""

import json
import os
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from airflow.configuration import conf
from airflow.providers.celery.executors.celery_executor import CeleryExecutor
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from kombu.transport.redis import Channel, SentinelChannel

SECRETS = "/run/secrets/airflow-platform"
FREE_SECTION = "celery_broker_transport_options"
UNDOCUMENTED = {("scheduler", "num_stuck_in_queued_retries")}
"""Keys that Airflow reads although its own description lacks them."""


def every_key(rendered: Any) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for roles in rendered.values():
        for files in roles.values():
            parser = ConfigParser()
            parser.read_string(files["airflow.cfg"])
            found |= {(section, key) for section in parser.sections() for key in parser[section]}
    return found


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    conf.load_providers_configuration()
    return conf.configuration_description


def base(key: str) -> str:
    return key.removesuffix("_cmd")


def test_every_key_is_one_that_airflow_knows(rendered: Any, schema: dict[str, Any]) -> None:
    unknown = {
        (section, key)
        for section, key in every_key(rendered)
        if section != FREE_SECTION and base(key) not in schema.get(section, {}).get("options", {})
    }
    assert unknown == UNDOCUMENTED


def test_no_key_is_deprecated(rendered: Any) -> None:
    old = {(section, key) for section, key, _ in conf.deprecated_options.values()}
    assert {(section, base(key)) for section, key in every_key(rendered)} & old == set()


def test_transport_options_are_those_of_the_broker(rendered: Any) -> None:
    known = {*Channel.from_transport_options, *SentinelChannel.from_transport_options, "visibility_timeout"}
    # Handed on to the client of the broker, not to the channel.
    assert {key for section, key in every_key(rendered) if section == FREE_SECTION} <= known


def test_commands_stand_only_where_airflow_runs_them(rendered: Any, schema: dict[str, Any]) -> None:
    """For a key that is not sensitive Airflow ignores the command and goes on with the default."""
    commands = {(section, base(key)) for section, key in every_key(rendered) if key.endswith("_cmd")}
    assert commands
    assert {at for at in commands if schema[at[0]]["options"][at[1]].get("sensitive") is not True} == set()


def run(folder: Path, files: dict[str, str], secrets: dict[str, str], code: str) -> str:
    """Run code where a role's files lie as in its pod, links of a ConfigMap included, all paths moved below `folder`."""
    (folder / "secrets").mkdir()
    (folder / "..data").mkdir()
    for name, text in secrets.items():
        (folder / "secrets" / name).write_text(text)
    for name, text in files.items():
        (folder / "..data" / name).write_text(text.replace(SECRETS, str(folder / "secrets")))
        (folder / name).symlink_to(Path("..data") / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
    environment |= {"AIRFLOW_HOME": str(folder / "home"), "AIRFLOW_CONFIG": str(folder / "airflow.cfg")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PYTHONPATH": str(folder)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


SHOW_CELERY = """
import json
from airflow.providers.celery.executors.celery_executor_utils import get_celery_configuration
print(json.dumps(get_celery_configuration(), default=str))
"""


def test_a_workers_celery_speaks_tls_to_the_broker(rendered: Any, tmp_path: Path) -> None:
    secrets = {"broker_url": "rediss://airflow:pw@valkey:6379/0", "result_backend": "rediss://airflow:pw@valkey:6379/1"}
    celery = json.loads(run(tmp_path, rendered["dev"]["worker-default"], secrets, SHOW_CELERY))
    assert celery["broker_url"] == "rediss://airflow:pw@valkey:6379/0"
    assert celery["result_backend"] == "rediss://airflow:pw@valkey:6379/1"
    for side in ("broker_use_ssl", "redis_backend_use_ssl"):
        assert celery[side]["ssl_ca_certs"] == f"{tmp_path}/secrets/ca.crt"
        assert celery[side]["ssl_check_hostname"] is True
    assert celery["broker_transport_options"]["visibility_timeout"] == 4200
    assert "sentinel_kwargs" not in celery["broker_transport_options"]
    assert "airflow.serialization.serialized_objects" in celery["include"]


def test_a_broker_of_somebody_elses_is_verified_by_its_own_authority(rendered: Any, tmp_path: Path) -> None:
    url = "rediss://airflow%40home:p%40ss%2Fw%3Drd@broker.example.com:6379/0"
    secrets = {"broker_url": url, "result_backend": url}
    celery = json.loads(run(tmp_path, rendered["external"]["worker-default"], secrets, SHOW_CELERY))
    assert celery["broker_url"] == url
    for side in ("broker_use_ssl", "redis_backend_use_ssl"):
        assert celery[side]["ssl_ca_certs"] == "/etc/ssl/certs/ca-certificates.crt"
        assert celery[side]["ssl_check_hostname"] is True
    assert "airflow.serialization.serialized_objects" in celery["include"]


def test_with_sentinels_both_sides_know_how_to_ask_them(rendered: Any, tmp_path: Path) -> None:
    url = "sentinel://airflow:pw@s0:26379/0;sentinel://s1:26379/0"
    secrets = {"broker_url": url, "result_backend": url, "broker_password": "pw\n"}
    celery = json.loads(run(tmp_path, rendered["prod"]["worker-default"], secrets, SHOW_CELERY))
    for side in ("broker_transport_options", "result_backend_transport_options"):
        assert celery[side]["master_name"] == "airflow"
        assert celery[side]["sentinel_kwargs"]["password"] == "pw"
        assert celery[side]["sentinel_kwargs"]["ssl"] is True


SHOW_PUBLICATION = """
import json
from airflow.configuration import conf
from airflow.providers.celery.executors.celery_executor_utils import get_celery_configuration
times = conf.getfloat("celery", "operation_timeout"), conf.getint("celery", "task_publish_max_retries")
print(json.dumps([get_celery_configuration()["task_publish_retry_policy"], *times], default=lambda value: value.__name__))
"""


def test_a_publication_is_tried_until_its_time_is_over_and_then_repeated(rendered: Any, tmp_path: Path) -> None:
    """An error of the broker fails the task at once; only a publication that takes too long is tried again."""
    secrets = {"broker_url": "rediss://airflow:pw@valkey:6379/0", "result_backend": "rediss://airflow:pw@valkey:6379/1"}
    secrets |= {
        "database_url": "sqlite://",
        "database_url_async": "sqlite+aiosqlite://",
        "fernet_key": "",
        "broker_password": "pw",
    }
    policy, operation_timeout, again = json.loads(
        run(tmp_path, rendered["prod"]["scheduler"], secrets, SHOW_PUBLICATION)
    )
    assert policy["max_retries"] is None
    assert policy["interval_start"] + policy["interval_step"] < operation_timeout
    # The broker has another leader within ten seconds.
    assert operation_timeout * again > 60


PUBLISH_TO_WHO_HAS_NO_REPLICA = """
import json
from airflow.providers.celery.executors.celery_executor_utils import create_celery_app
from airflow.configuration import conf
from kombu.transport.redis import SentinelTransport, Transport
from redis._parsers import BaseParser

class Channel(Transport.Channel):
    # On a connection that can be made, each time.
    refused, made, published, used = 3, [], [], set()

    def __init__(self, connection):
        self.connection, self.closed, self.channel_id = connection, False, len(self.made)
        self.made.append(self)

    def _refuse(self):
        assert self.connection, "its connection was closed"
        self.used.add(self.channel_id)
        if len(self.used) <= self.refused:
            raise BaseParser.parse_error("NOREPLICAS Not enough good replicas to write.")

    def exchange_declare(self, *arguments, **options):
        pass

    def queue_declare(self, *arguments, **options):
        self._refuse()

    def queue_bind(self, *arguments, **options):
        self._refuse()

    def basic_publish(self, message, *arguments, **options):
        self._refuse()
        self.published.append(message)

    def close(self):
        self.connection = None

Transport.Channel = SentinelTransport.Channel = Channel
app = create_celery_app(conf)
app.send_task("some", queue="default", ignore_result=True)
print(json.dumps([len(Channel.published), len(Channel.used)]))
"""


@pytest.mark.parametrize(("stack", "url"), [("dev", "rediss://valkey:6379/0"), ("prod", "sentinel://s0:26379/0")])
def test_a_leader_without_replicas_is_asked_until_it_has_one(
    rendered: Any, tmp_path: Path, stack: str, url: str
) -> None:
    """Kombu gives a publication up that fails twice on good connections; the scheduler would fail its task."""
    secrets = {"broker_url": url, "result_backend": url, "broker_password": "pw", "api_secret_key": "key", "ca.crt": ""}
    answer = run(tmp_path, rendered[stack]["worker-default"], secrets, PUBLISH_TO_WHO_HAS_NO_REPLICA)
    assert json.loads(answer) == [1, 4]


SHOW_PATIENCE = """
import json, random
from airflow.sdk.api import client
from tenacity import RetryCallState

policy = client.Client.request.retry
random.seed(1)


def waits():
    state, total = RetryCallState(policy, None, (), {}), 0.0
    while not policy.stop(state):
        total += policy.wait(state)
        state.attempt_number += 1
    return total, total + state.attempt_number * client.API_TIMEOUT


refused, unanswered = zip(*(waits() for _ in range(5000)))
print(json.dumps([sorted(refused)[5], sorted(unanswered)[-5]]))
"""


def test_a_task_outlives_two_minutes_without_the_execution_api_and_ends_before_it_is_tried_again(
    rendered: Any, tmp_path: Path
) -> None:
    """Of 1,000 calls all but one wait that long when the connection is refused, and no longer when nobody answers."""
    files = rendered["prod"]["worker-default"]
    broker = {"broker_url": "sentinel://s0:26379/0", "result_backend": "sentinel://s0:26379/1", "broker_password": "pw"}
    shortest, longest = json.loads(run(tmp_path, files, broker, SHOW_PATIENCE))
    own, scheduler = ConfigParser(), ConfigParser()
    own.read_string(files["airflow.cfg"])
    scheduler.read_string(rendered["prod"]["scheduler"]["airflow.cfg"])
    assert shortest > 135
    assert longest * own.getint("workers", "max_failed_heartbeats") < scheduler.getint(
        "scheduler", "task_instance_heartbeat_timeout"
    )


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_token_outlives_the_waits_that_it_may_meet(rendered: Any, stack: str) -> None:
    scheduler, api = ConfigParser(), ConfigParser()
    scheduler.read_string(rendered[stack]["scheduler"]["airflow.cfg"])
    api.read_string(rendered[stack]["api-execution"]["airflow.cfg"])
    away, leeway = 200, api.getint("api_auth", "jwt_leeway")
    # A queued task's token is as old as the time after which it is sent again, which is looked at every so often.
    assert leeway >= scheduler.getint("scheduler", "task_queued_timeout_check_interval") + away
    # A running task's is renewed when a fifth of its life is left.
    assert leeway + conf.getint("execution_api", "jwt_expiration_time") // 5 >= 2 * away


def test_a_task_may_wait_a_day_for_a_worker(rendered: Any) -> None:
    scheduler = ConfigParser()
    scheduler.read_string(rendered["dev"]["scheduler"]["airflow.cfg"])
    own = scheduler["scheduler"]
    assert own.getint("task_queued_timeout") * own.getint("num_stuck_in_queued_retries") == 86400


SHOW_BUNDLES = """
import json
from airflow.dag_processing.bundles.manager import DagBundlesManager
found = DagBundlesManager()
bundle = found.get_bundle("team", version=VERSION)
print(json.dumps([sorted(found._bundle_config), type(bundle).__name__, bundle.tracking_ref, bundle.repo_url, str(bundle.base_dir)]))
"""


def test_airflow_finds_the_bundles_as_they_are_told(rendered: Any, tmp_path: Path) -> None:
    secrets = {
        "database_url": "sqlite://",
        "database_url_async": "sqlite+aiosqlite://",
        "fernet_key": "",
        "broker_url": "redis://",
        "result_backend": "redis://",
        "api_secret_key": "k",
    }
    found = {}
    for role, version in (("dag-processor-team", None), ("worker-default", "1" * 40)):
        (tmp_path / role).mkdir()
        code = SHOW_BUNDLES.replace("VERSION", repr(version))
        found[role] = json.loads(run(tmp_path / role, rendered["bundles"][role], secrets, code))
    url, folder = "https://git.example.com:8443/team/dags.git", "/opt/airflow/bundles/team"
    commit = "1f0c3a7d5b9e42861f0c3a7d5b9e42861f0c3a7d"
    assert found["dag-processor-team"] == [["team"], "ReadBundle", commit, url, folder]
    assert found["worker-default"] == [["dags-folder", "team"], "RunBundle", "HEAD", url, folder]


SHOW_UNKNOWN = """
import json
from airflow.providers.celery.executors.celery_executor_utils import BulkStateFetcher, create_celery_app
from airflow.configuration import conf
app = create_celery_app(conf)
found = BulkStateFetcher(1, app).get_many([app.AsyncResult("one"), app.AsyncResult("two")])
print(json.dumps([app.backend.__module__, found]))
"""


@pytest.mark.parametrize(
    ("stack", "url"),
    [
        ("dev", "rediss://airflow:pw@127.0.0.1:1/1"),
        ("prod", "sentinel://airflow:pw@127.0.0.1:1/1"),
        ("external", "rediss://127.0.0.1:1/1"),
    ],
)
def test_a_scheduler_outlives_a_store_of_results_that_does_not_answer(
    rendered: Any, tmp_path: Path, stack: str, url: str
) -> None:
    """Whoever asks how tasks are hears that nothing is known yet; an error would end the scheduler."""
    secrets = {"broker_url": url, "result_backend": url, "broker_password": "pw", "api_secret_key": "key", "ca.crt": ""}
    module, states = json.loads(run(tmp_path, rendered[stack]["worker-default"], secrets, SHOW_UNKNOWN))
    assert module == "airflow_platform_celery"
    assert states == {"one": ["PENDING", None], "two": ["PENDING", None]}


SHOW_IMPORT_ERRORS = """
import json, sys
sys.path.append("{folder}/image")
from airflow.dag_processing.dagbag import DagBag
bag = DagBag("{folder}/dags")
print(json.dumps([sorted(bag.dags), bag.import_errors]))
"""
DAG = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("{name}", schedule=None):
    EmptyOperator.partial(task_id="mapped", queue="{queue}").expand(doc=["a", "b"])
    EmptyOperator(task_id="work", queue="{queue}")
"""
LOCAL_SETTINGS_OF_THE_IMAGE = """
from airflow.exceptions import AirflowClusterPolicyViolation


def dag_policy(dag):
    if dag.dag_id == "vain":
        raise AirflowClusterPolicyViolation("vain is no name")


def task_policy(task):
    if task.dag_id == "idle":
        raise AirflowClusterPolicyViolation("idle is no name")
"""


@pytest.mark.parametrize("theirs", [False, True])
def test_a_queue_without_workers_is_an_import_error(rendered: Any, tmp_path: Path, theirs: bool) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "image").mkdir()
    if theirs:
        (tmp_path / "image" / "airflow_local_settings.py").write_text(LOCAL_SETTINGS_OF_THE_IMAGE)
    for name, queue in {"good": "default", "lost": "nowhere", "vain": "default", "idle": "default"}.items():
        (tmp_path / "dags" / f"{name}.py").write_text(DAG.format(name=name, queue=queue))
    files = rendered["dev"]["dag-processor"]
    secrets = {"database_url": "sqlite://", "database_url_async": "sqlite+aiosqlite://", "fernet_key": ""}
    good, errors = json.loads(run(tmp_path, files, secrets, SHOW_IMPORT_ERRORS.format(folder=tmp_path)))
    told = {Path(file).stem: text for file, text in errors.items()}
    assert told.pop("lost") == (
        "AirflowClusterPolicyViolation: task lost.mapped: queue = nowhere: no worker takes from it. "
        "Write one of default, or add it to workers.queues of the stack file."
    )
    refused = {"vain", "idle"} if theirs else set[str]()
    assert told == {name: f"AirflowClusterPolicyViolation: {name} is no name" for name in refused}
    assert set(good) == {"good", "vain", "idle"} - refused


def signing_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


END_LOCAL_EXECUTOR = """
import json, time
from airflow import settings
from airflow.executors import local_executor
from airflow.executors.executor_loader import ExecutorLoader
from airflow.jobs.job import Job
from airflow.utils.session import create_session
import airflow_platform_local

Job.__table__.create(settings.engine)
with create_session() as session:
    session.add(Job(job_type="SchedulerJob"))

def beat():
    with create_session() as session:
        return session.get(Job, 1).latest_heartbeat

def wait_for_tasks(self):
    for _ in range(3):
        last = beat()
        until = time.monotonic() + 10
        while beat() == last and time.monotonic() < until:
            time.sleep(0.01)
        seen.append(beat() > last)

seen = []
airflow_platform_local.BEAT_SECONDS = 0.05
local_executor.LocalExecutor.end = wait_for_tasks
executor = ExecutorLoader.get_default_executor()
executor.job_id = 1
executor.end()
over = beat()
time.sleep(0.2)
name = ExecutorLoader.lookup_executor_name_by_str("LocalExecutor")
print(json.dumps([type(executor).__module__, name.alias, seen, beat() == over]))
"""


def test_a_scheduler_is_known_to_be_alive_while_its_last_tasks_end(rendered: Any, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/airflow.db"
    secrets = {
        "database_url": database,
        "database_url_async": database.replace("sqlite", "sqlite+aiosqlite"),
        "fernet_key": "",
        "api_secret_key": "key",
        "jwt_private_key.pem": signing_key(),
    }
    files = {
        name: text.replace("sql_alchemy_connect_args", "unused_connect_args")
        for name, text in rendered["local"]["scheduler"].items()
    }
    module, alias, beats, silent = json.loads(run(tmp_path, files, secrets, END_LOCAL_EXECUTOR))
    assert (module, alias) == ("airflow_platform_local", "LocalExecutor")
    assert beats == [True, True, True]
    assert silent


def test_without_workers_every_queue_is_one_that_tasks_may_name(rendered: Any, tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "any.py").write_text(DAG.format(name="any", queue="nowhere"))
    secrets = {"database_url": "sqlite://", "database_url_async": "sqlite+aiosqlite://", "fernet_key": ""}
    code = SHOW_IMPORT_ERRORS.format(folder=tmp_path)
    assert json.loads(run(tmp_path, rendered["local"]["dag-processor"], secrets, code)) == [["any"], {}]


SHOW_CONNECTION = """
import json
from airflow import settings
from airflow.configuration import conf
print(json.dumps([
    settings.SQL_ALCHEMY_CONN,
    settings.SQL_ALCHEMY_CONN_ASYNC,
    [settings.async_engine.dialect.driver, settings.async_engine.dialect.is_async],
    settings._get_connect_args("async"),
    conf.get("core", "fernet_key"),
]))
"""


def test_an_api_server_reads_its_database_and_never_prepares_statements(rendered: Any, tmp_path: Path) -> None:
    place = "://airflow:pw@pooler:5432/airflow?sslmode=verify-full&sslrootcert=/ca.crt"
    secrets = {
        "database_url": f"postgresql+psycopg2{place}",
        "database_url_async": f"postgresql+psycopg_async{place}",
        "fernet_key": "",
        "jwt_private_key.pem": "",
        "api_secret_key": "key",
    }
    sync, other, driver, arguments, fernet = json.loads(
        run(tmp_path, rendered["dev"]["api-execution"], secrets, SHOW_CONNECTION)
    )
    assert (sync, other) == (secrets["database_url"], secrets["database_url_async"])
    assert driver == ["psycopg", True]
    assert arguments["prepare_threshold"] is None
    assert fernet == ""


SHOW_LOGIN = """
import json, runpy
login = runpy.run_path("webserver_config.py")
claims = {"sub": "42", "email": "a@b", "given_name": "A", "family_name": "B", "groups": ["airflow-admins"]}
user = login["SECURITY_MANAGER_CLASS"].get_oauth_user_info(None, "oidc", {"userinfo": claims})
bare = login["SECURITY_MANAGER_CLASS"].get_oauth_user_info(None, "oidc", {"userinfo": {"sub": "7", "groups": "one"}})
print(json.dumps([login["OAUTH_PROVIDERS"][0], login["AUTH_ROLES_MAPPING"], user, bare]))
"""


def test_login_at_a_provider(rendered: Any, tmp_path: Path) -> None:
    code = f"import os; os.chdir({str(tmp_path)!r})\n{SHOW_LOGIN}"
    secrets = {"oidc_client_secret": "hidden\n", "fernet_key": "", "database_url": "sqlite://", "api_secret_key": "k"}
    files = {**rendered["prod"]["api-core"], "airflow.cfg": "[core]\n"}
    provider, mapping, user, bare = json.loads(run(tmp_path, files, secrets, code))
    remote = provider["remote_app"]
    assert remote["client_secret"] == "hidden"
    assert remote["server_metadata_url"] == "https://login.example.com/realms/airflow/.well-known/openid-configuration"
    assert mapping["airflow-admins"] == ["Admin"]
    assert user == {
        "username": "42",
        "email": "a@b",
        "first_name": "A",
        "last_name": "B",
        "role_keys": ["airflow-admins"],
    }
    assert bare["role_keys"] == ["one"]


def test_the_executor_can_be_imported() -> None:
    """Celery 5.7 broke this import while everything else went on to start."""
    assert CeleryExecutor.supports_sentry
