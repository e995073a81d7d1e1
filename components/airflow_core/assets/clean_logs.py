# pyright: basic, reportMissingImports=false
"""Remove task logs from the stack's own store that are older than it keeps them. Argument: days.

Runs inside the Airflow image; cut off at any point it goes on the next time.
"""

import sys
from datetime import UTC, datetime, timedelta
from itertools import islice

import airflow_platform_bucket as bucket
from botocore.exceptions import BotoCoreError, ClientError

AT_ONCE = 1000
"""What one request may remove."""


def outlived(objects, now, days):
    """Names of those that are older."""
    return (found["Key"] for found in objects if found["LastModified"] < now - timedelta(days=days))


def remove(client, where, keys):
    """Remove them; returns their number.

    Raises:
        SystemExit: the store keeps some.
    """
    removed = 0
    while some := list(islice(keys, AT_ONCE)):
        wanted = {"Objects": [{"Key": key} for key in some], "Quiet": True}
        kept = client.delete_objects(Bucket=where["bucket"], Delete=wanted).get("Errors", [])
        if kept:
            raise SystemExit(f"{len(kept)} logs cannot be removed, such as {kept[0]['Key']}: {kept[0]['Message']}")
        removed += len(some)
        print(f"{removed} logs removed", flush=True)  # noqa: T201
    return removed


def main(days):
    """Remove what is older than so many days."""
    where = bucket.told()
    client = bucket.client(where)
    try:
        keys = outlived(bucket.objects(client, where, ""), datetime.now(UTC), int(days))
        print(f"{remove(client, where, keys)} logs were older than {days} days")  # noqa: T201
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"the store of task logs does not do what it is asked: {error}") from error


if __name__ == "__main__":
    main(*sys.argv[1:])
