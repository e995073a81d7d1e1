"""`python -m local.images [--refresh] [NAME ...]`: build, push and lock the images of the catalogue."""

import argparse
import sys

from local.errors import LocalError
from local.images.catalogue import lock
from local.progress import ConsoleReporter


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.images", description="Build, push and lock images.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="images of the catalogue; all when left out")
    parser.add_argument("--refresh", action="store_true", help="take today's Debian packages, use nothing built before")
    given = parser.parse_args()
    reporter = ConsoleReporter()
    try:
        digests = lock(reporter, names=given.names or None, refresh=given.refresh)
    except LocalError as error:
        reporter.warn(str(error))
        return error.exit_code
    for name, digest in digests.items():
        sys.stdout.write(f"{name} {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
