"""`python -m local.cluster up|status|stop|down`, for trying the cluster by itself."""

import sys

from rich.console import Console

from local import cluster
from local.errors import LocalError
from local.progress import ConsoleReporter


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    console, reporter = Console(soft_wrap=True, highlight=False), ConsoleReporter()
    try:
        match arguments:
            case ["up"]:
                started = cluster.up(reporter)
                console.print(f"started: {', '.join(started) or 'nothing, all was well'}")
            case ["status"]:
                console.print_json(cluster.status().to_json())
            case ["stop"]:
                cluster.stop(reporter)
            case ["down"]:
                for line in cluster.down(reporter=reporter):
                    console.print(f"kept  {line}")
            case _:
                console.print("usage: python -m local.cluster up|status|stop|down")
                return 2
    except LocalError as error:
        console.print(str(error), markup=False)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
