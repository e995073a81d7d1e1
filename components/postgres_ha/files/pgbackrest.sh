#!/bin/bash
# pgBackRest with its secrets, which lie in files and reach this one process only.
# First argument `source`: the archive that the cluster is made from, in place of its own.
set -euo pipefail
of=''
if [ "$1" = source ]; then of=source-; shift; fi
# option NAME FILE: the option is what the file holds, if it is there.
option() {
  if [ -r "$2" ]; then export "PGBACKREST_REPO1_$1=$(<"$2")"; fi
}
option CIPHER_PASS "/run/secrets/backup/${of}repository-passphrase"
option S3_KEY "/run/secrets/backup/${of}access-key"
option S3_KEY_SECRET "/run/secrets/backup/${of}secret-key"
option S3_KEY "/run/secrets/${of}bucket/AWS_ACCESS_KEY_ID"
option S3_KEY_SECRET "/run/secrets/${of}bucket/AWS_SECRET_ACCESS_KEY"
exec pgbackrest "--config=/etc/airflow-platform/${of}pgbackrest.conf" --stanza=platform "$@"
