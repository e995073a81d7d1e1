#!/bin/bash
# pgBackRest with its secrets, which lie in files and reach this one process only.
set -euo pipefail
# option NAME FILE: the option is what the file holds, if it is there.
option() {
  if [ -r "$2" ]; then export "PGBACKREST_REPO1_$1=$(<"$2")"; fi
}
option CIPHER_PASS /run/secrets/backup/repository-passphrase
option S3_KEY /run/secrets/backup/access-key
option S3_KEY_SECRET /run/secrets/backup/secret-key
option S3_KEY /run/secrets/bucket/AWS_ACCESS_KEY_ID
option S3_KEY_SECRET /run/secrets/bucket/AWS_SECRET_ACCESS_KEY
exec pgbackrest --config=/etc/airflow-platform/pgbackrest.conf --stanza=platform "$@"
