# pyright: basic, reportMissingImports=false
"""Runs a task as Airflow does and sees its end at once; named by `[sdk] coordinators`.

Airflow's own supervisor waits for words of the task's process. The last of them come a moment before the process ends, so
as a rule it looks too early, hears nothing more and looks again after `[workers] min_heartbeat_interval`: a slot of the
worker is taken for seconds by a task that is over. Here the end of the process is one of the things that are waited for.

Runs inside the Airflow image, 3.3 or newer.
"""

import os
import selectors

from airflow.sdk.execution_time.coordinator import BaseCoordinator
from airflow.sdk.execution_time.supervisor import ActivitySubprocess


class WatchedTask(ActivitySubprocess):
    """The process of a task, whose end wakes whoever waits for its words."""

    def _register_pipe_readers(self, *sockets, data):
        super()._register_pipe_readers(*sockets, data=data)
        try:
            process = os.fdopen(os.pidfd_open(self.pid), "rb", buffering=0)
        except OSError:
            # A kernel or a sandbox without it: as Airflow does.
            return
        # Readable once, when the process has ended; whoever is told looks whether it has.
        self.selector.register(process, selectors.EVENT_READ, (lambda _: False, self.selector.unregister))


class Coordinator(BaseCoordinator):
    """What Airflow's own coordinator of Python tasks does, with a watched process."""

    def execute_task(self, **workload):
        """Run the task to its end."""
        process = WatchedTask.start(**workload)
        return self.ExecutionResult(process.wait(), process.final_state)
