"""Open a key escrow: `python -m scripts.open_escrow PASSPHRASE_FILE < DOCUMENT` prints the keys as JSON.

The output is what the stack secret `givenValues` wants.
"""

import json
import sys
from pathlib import Path

from components.credentials.escrow import unseal


def main() -> int:
    """Open the document on standard input with the passphrase in the file that the one argument names."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m scripts.open_escrow PASSPHRASE_FILE < DOCUMENT\n")
        return 2
    try:
        keys = unseal(sys.stdin.read(), Path(sys.argv[1]).read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(json.dumps(keys, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
