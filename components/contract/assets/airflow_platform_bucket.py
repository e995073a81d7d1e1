# pyright: basic, reportMissingImports=false
"""The bucket of task logs. Runs inside the Airflow image; who only removes old logs imports nothing of Airflow."""

import json
from pathlib import Path

import botocore.session
from botocore.config import Config

_TOLD = Path(__file__).parent / "bucket.json"

# A task's slot, and all triggers of a triggerer, wait while a log is sent: a bucket that does not answer costs this and no
# more, once a minute.
_CONNECT_SECONDS, _ANSWER_SECONDS, _TRIES = 2, 5, 2


def told():
    """What the stack file says of the bucket."""
    return json.loads(_TOLD.read_text(encoding="utf-8"))


def client(where):
    """A client of it; without keys it logs in as whom the cloud says that this pod is."""
    names = ("aws_access_key_id", "aws_secret_access_key")
    keys = {name: Path(file).read_text().strip() for name, file in zip(names, where["keys"], strict=False)}
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        s3={"addressing_style": where["addressing"]},
        # Stores that are not AWS's know no checksums behind the body.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return botocore.session.Session().create_client(
        "s3",
        region_name=where["region"],
        endpoint_url=where["endpoint"],
        verify=where["authority"] or True,
        config=config,
        **keys,
    )


def objects(found, where, prefix):
    """All objects below a path inside the stack's part of the bucket, in the order of their names."""
    pages = found.get_paginator("list_objects_v2").paginate(Bucket=where["bucket"], Prefix=where["prefix"] + prefix)
    for page in pages:
        yield from page.get("Contents", ())
