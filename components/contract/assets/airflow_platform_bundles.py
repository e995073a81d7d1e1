# pyright: basic, reportMissingImports=false
"""DAGs from Git, as dag-processors read them and as workers run them. Who logs in how, git's own configuration says."""

from airflow._shared.observability.metrics import stats
from airflow.providers.git.bundles.git import GitDagBundle

NO_CONNECTION = "airflow_platform_none"
"""The provider asks for a connection even where it needs none; nobody has one of this name."""


class ReadBundle(GitDagBundle):
    """Follows a branch or tag, or stands at a commit; each look that succeeded is counted."""

    def __init__(self, **kwargs):
        super().__init__(git_conn_id=NO_CONNECTION, **kwargs)

    def initialize(self):
        """Clone, or find the clone."""
        super().initialize()
        self._count()

    def refresh(self):
        """Fetch, and take what is there now."""
        super().refresh()
        self._count()

    def _count(self):
        stats.incr("bundle_refreshed", tags={"bundle": self.name})


class RunBundle(GitDagBundle):
    """What was in the repository when a task's run began.

    Workers do not know what is to be read now, so that they need no restart when that changes. A task without a version,
    whose DAG says `disable_bundle_versioning`, would run whatever was pushed last.
    """

    def __init__(self, *, version=None, **kwargs):
        if not version:
            raise ValueError(
                f"bundle {kwargs['name']}: a task of it came without a version, so it would run whatever was pushed last; "
                "remove disable_bundle_versioning from its DAG"
            )
        super().__init__(version=version, git_conn_id=NO_CONNECTION, **kwargs)
