# pyright: basic, reportMissingImports=false
"""Celery's configuration where Airflow's own keys do not reach; named by `[celery] celery_config_options`.

Runs inside the Airflow image. Reads no secret that its pod does not mount.
"""

import logging
import ssl
import time
from pathlib import Path

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG
from celery.backends import redis as backends
from kombu.messaging import Producer
from kombu.transport.redis import Transport
from redis._parsers import BaseParser
from redis.exceptions import BusyLoadingError

# A leader that was chosen a moment ago refuses writes until a replica follows it. The client knows no such error and takes
# it for a faulty command, which is never tried again: workers then burn every message that they take. It is like a
# server that still loads its data: worth a retry.
BaseParser.EXCEPTION_CLASSES["NOREPLICAS"] = BusyLoadingError

# A publication whose second try fails on a connection that could be made is given up whatever the retry policy says, and its task
# fails, unless the transport states which errors are worth more. Just such a connection is what that leader gives.
Transport.recoverable_connection_errors = Transport.connection_errors + Transport.channel_errors
Transport.recoverable_channel_errors = ()

_declare = Producer.maybe_declare


def declare_once(producer, entity, **_policy):
    """Declare a queue on the way of a publication, which is tried again as a whole.

    Left to itself the declaration tries again on a connection of its own making, and closes the one under the publication.
    """
    return _declare(producer, entity)


Producer.maybe_declare = declare_once

_PUBLICATION_PAUSE_SECONDS = 0.2

_SECRETS = Path("/run/secrets/airflow-platform")
_BROKER = DEFAULT_CELERY_CONFIG["broker_transport_options"]
_RESULTS = DEFAULT_CELERY_CONFIG["result_backend_transport_options"]

_TLS = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": str(_SECRETS / "ca.crt"), "ssl_check_hostname": True}

# Without these the process of every task imports them anew: 150 instead of 370 ms of CPU per task. The first lines are what
# runs a task, the others what nearly every DAG file imports.
_PRELOAD = (
    "airflow.dag_processing.dagbag",
    "airflow.serialization.serialized_objects",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.models.taskinstance",
    "airflow.dag_processing.bundles.local",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.definitions.asset.metadata",
    "airflow.sdk.definitions.decorators",
)


def pause(_error, interval):
    """Between two tries of a publication; where no connection can be made, the pause between its tries is Celery's own."""
    if not interval:
        time.sleep(_PUBLICATION_PAUSE_SECONDS)


class RedisBackend(backends.RedisBackend):
    """A store of results that knows nothing while nobody answers.

    Celery repeats its writes but not this read, and the scheduler, which asks in every round how its tasks are, ends with an
    error of it: each change of the leader would take all schedulers along. What is not known now is asked again.
    """

    def mget(self, keys):
        """The values, or nothing known of any."""
        try:
            return super().mget(keys)
        except self.connection_errors as error:
            logging.getLogger(__name__).warning("results cannot be read now: %s: %s", type(error).__name__, error)
            return [None] * len(keys)


class SentinelBackend(RedisBackend, backends.SentinelBackend):
    """The same at whichever server the Sentinels name."""


_BACKENDS = dict.fromkeys(("redis", "rediss"), f"{__name__}:RedisBackend")


def _sentinels(options: dict) -> dict:
    """How to talk to the Sentinels themselves, when there are any."""
    if "master_name" not in options:
        return {}
    password = (_SECRETS / "broker_password").read_text().strip()
    return {"sentinel_kwargs": {"username": "airflow", "password": password, "ssl": True, **_TLS}}


CELERY_CONFIG = {
    **DEFAULT_CELERY_CONFIG,
    "override_backends": {**_BACKENDS, "sentinel": f"{__name__}:SentinelBackend"},
    "broker_use_ssl": _TLS,
    "redis_backend_use_ssl": _TLS,
    "broker_transport_options": {**_BROKER, **_sentinels(_BROKER)},
    "result_backend_transport_options": {**_RESULTS, **_sentinels(_RESULTS)},
    # A result only tells the executor that a message was taken; the state of the task is in the database.
    "result_expires": 86400,
    # Nobody reads that a task has begun, and one that cannot say so would be given up before it does.
    "task_track_started": False,
    # An error of the broker would fail the task at once; a publication that takes too long is repeated by the scheduler
    # (`operation_timeout`, `task_publish_max_retries`). So: try until that time is over.
    "task_publish_retry_policy": {
        "max_retries": None,
        "interval_start": 0.2,
        "interval_step": 0.5,
        "interval_max": 2,
        "errback": pause,
    },
    "redis_socket_connect_timeout": 2,
    "redis_socket_timeout": 2,
    "redis_retry_on_timeout": False,
    # The process of the task waits until another leads; left to the main process, nobody would fetch messages meanwhile.
    "result_backend_always_retry": True,
    "result_backend_max_retries": 60,
    "result_backend_max_sleep_between_retries_ms": 1000,
    "redis_backend_health_check_interval": 5,
    # A primary that was demoted in the middle of a command answers with an error that is worth a retry.
    "broker_channel_error_retry": True,
    "broker_connection_max_retries": None,
    "include": list(_PRELOAD),
}
