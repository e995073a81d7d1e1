# pyright: basic, reportMissingImports=false
"""The executor that runs tasks in the scheduler's own pod; named by `[core] executor` of the scheduler.

Runs inside the Airflow image.
"""

import threading
from datetime import UTC, datetime

from airflow.executors import local_executor
from airflow.jobs.job import Job
from airflow.utils.session import create_session
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

BEAT_SECONDS = 5


class LocalExecutor(local_executor.LocalExecutor):
    """Airflow's own, which others know to be alive while its last tasks end.

    A scheduler that is told to stop starts nothing more and waits for its tasks, but no longer says that it lives. After
    half a minute (`scheduler_health_check_threshold`) the one that took its place would believe it dead, and start these
    tasks anew while they still run.
    """

    def end(self) -> None:
        """Wait for the tasks, and say so."""
        over = threading.Event()
        beating = threading.Thread(target=self._beat, args=(over,), daemon=True)
        beating.start()
        try:
            super().end()
        finally:
            over.set()
            beating.join()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                with create_session() as session:
                    session.execute(
                        update(Job).where(Job.id == self.job_id).values(latest_heartbeat=datetime.now(tz=UTC))
                    )
            except SQLAlchemyError as error:
                # The next one may come through; the tasks themselves need no database.
                self.log.warning("no heartbeat while tasks end: %s", error)
