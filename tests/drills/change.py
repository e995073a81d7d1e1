"""`python -m tests.drills.change`: deploy the dev stack with one setting that every Airflow process reads changed."""

import json
import os
import sys

from local.engine import api
from local.engines import environment
from local.stacks import stack_config


def main() -> int:
    """Exit code of the run."""
    os.environ.update(environment("dev", None))
    settings = dict(stack_config("dev")["airflow-platform:airflow"])
    settings["maxActiveTasksPerDag"] += 1
    return api.up("dev", api.Options(config={"airflow-platform:airflow": json.dumps(settings)})).exit_code


if __name__ == "__main__":
    sys.exit(main())
