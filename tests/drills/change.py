"""`python -m tests.drills.change`: deploy the dev stack with one setting that every Airflow process reads changed."""

import json
import sys

from local.stacks import stack_config
from tests.drills import deploy_with


def main() -> int:
    """Exit code of the run."""
    settings = dict(stack_config("dev")["airflow-platform:airflow"])
    settings["maxActiveTasksPerDag"] += 1
    return deploy_with.main("dev", f"airflow={json.dumps(settings)}")


if __name__ == "__main__":
    sys.exit(main())
