# pyright: basic, reportMissingImports=false
"""Task logs in a bucket: sent when a task or a trigger has ended, shown by the api-server from there.

Airflow finds `REMOTE_TASK_LOG` beside the dictionary that `[logging] logging_config_class` names. A log is sent as an object of
its own each time: a task that was deferred leaves one for each part. So nothing is read before it is written, and two pods never
overwrite each other's. What cannot be sent stays where it is, where the api-server reads it from the pod, and is tried again.
"""

import atexit
import logging
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import airflow_platform_bucket as bucket
from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG as LOGGING_CONFIG
from airflow.configuration import conf
from botocore.exceptions import BotoCoreError, ClientError
from celery.signals import worker_shutdown

__all__ = ["LOGGING_CONFIG", "REMOTE_TASK_LOG"]

AWAY = (BotoCoreError, ClientError, OSError)

PAUSE_SECONDS = 60
"""After a failure nobody waits for the bucket again for so long."""
LEFT_AT_ONCE = 20
"""Logs from before that are sent with one more: a task's slot waits meanwhile."""
SWEEP_SECONDS = 60
"""For which a worker that stops goes on sending."""
TIDY_SECONDS, STALE_SECONDS = 6 * 3600, 86400
"""How often empty folders are looked for, and for how long nobody has touched them. A younger one may be some task's whose log
is just about to be made."""

log = logging.getLogger(__name__)


class BucketLogs:
    """Airflow's interface of remote logs, over a bucket."""

    processors = ()
    """Log lines are not changed on their way into the file."""

    def __init__(self, where, folder):
        self._where = where
        self._folder = Path(folder)
        self._found = None
        self._left = {}
        self._silent_until = 0.0
        self._tidied = time.monotonic()

    @property
    def _client(self):
        """Made when it is first used: a process of a pool has its own."""
        if self._found is None:
            self._found = bucket.client(self._where)
        return self._found

    def upload(self, path, ti=None):  # noqa: ARG002 - Airflow's interface
        """Send the log of what has just ended, and some of those that could not be sent before."""
        file = self._folder / path
        before = [each for each in self._left if each != file]
        if file.is_file():
            self._left[file] = file.stat().st_size
        if time.monotonic() >= self._silent_until:
            self._send_all([file, *before[:LEFT_AT_ONCE]])
        if time.monotonic() >= self._tidied + TIDY_SECONDS:
            self._tidy()

    def _tidy(self):
        """A folder takes as much of the pod's room as a short log."""
        self._tidied = time.monotonic()
        folders = (Path(folder) for folder, _, _ in os.walk(self._folder, topdown=False))
        for folder in folders:
            with suppress(OSError):
                if folder != self._folder and time.time() - folder.stat().st_mtime > STALE_SECONDS:
                    folder.rmdir()  # refuses one that is not empty

    def send_left(self):
        """Send what could not be sent before: the last thing that a process does."""
        self._send_all(list(self._left))

    def send_rest(self, **_):
        """Send whatever is in the folder: the last thing that a worker does, when all its tasks have ended."""
        files = [file for file in sorted(self._folder.rglob("*.log")) if file.is_file()]
        self._left = {file: file.stat().st_size for file in files}
        self._send_all(files, until=time.monotonic() + SWEEP_SECONDS)

    def _send_all(self, files, until=None):
        for number, file in enumerate(files):
            if until is not None and time.monotonic() > until:
                log.warning("%d logs are not sent: there is no time left", len(files) - number)
                return
            try:
                self._send(file)
            except AWAY as error:
                self._silent_until = time.monotonic() + PAUSE_SECONDS
                log.warning("%s stays in this pod for now: %s", file.relative_to(self._folder), error)
                return

    def _send(self, file):
        size = self._left.get(file)
        # It was sent by somebody else, or goes on being written by a task that was deferred before.
        if size is not None and file.is_file() and file.stat().st_size == size:
            if size:
                with file.open("rb") as body:
                    self._client.put_object(Bucket=self._where["bucket"], Key=self._key(file), Body=body)
            if file.stat().st_size == size:
                file.unlink()
        self._left.pop(file, None)

    def _key(self, file):
        """Later parts sort after earlier ones."""
        part = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        return f"{self._where['prefix']}{file.relative_to(self._folder).as_posix()}.{part}"

    def stream(self, relative_path, ti):  # noqa: ARG002 - Airflow's interface
        """Where the parts of a log lie, and their lines; nothing when the bucket does not answer, so that the pod is asked."""
        try:
            keys = [found["Key"] for found in bucket.objects(self._client, self._where, str(relative_path))]
        except AWAY as error:
            log.warning("The bucket of task logs does not answer: %s", error)
            return [f"Could not ask the bucket of task logs: {error}"], []
        return [f"s3://{self._where['bucket']}/{key}" for key in keys], [self._lines(key) for key in keys]

    def read(self, relative_path, ti):
        """The same with the text of each part in one piece."""
        sources, parts = self.stream(relative_path, ti)
        return sources, ["\n".join(part) for part in parts]

    def _lines(self, key):
        try:
            body = self._client.get_object(Bucket=self._where["bucket"], Key=key)["Body"]
            for line in body.iter_lines():
                yield line.decode("utf-8", errors="replace")
        except AWAY as error:
            yield f"The rest of s3://{self._where['bucket']}/{key} cannot be read now: {error}"


REMOTE_TASK_LOG = BucketLogs(bucket.told(), conf.get("logging", "base_log_folder"))
# In the main process of a worker, and nowhere else, when its pool is gone.
worker_shutdown.connect(REMOTE_TASK_LOG.send_rest, weak=False)
atexit.register(REMOTE_TASK_LOG.send_left)
