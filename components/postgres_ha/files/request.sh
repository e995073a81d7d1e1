#!/bin/bash
# Asks the runner beside the primary for a backup and waits for its end. Argument: full, diff or verify.
set -uo pipefail
kind=$1
. /etc/airflow-platform/primary.sh

until id=$(on_primary --command="INSERT INTO airflow_platform.backup_request (kind) VALUES ('$kind') RETURNING id"); do
  echo "the database does not answer, trying again"
  sleep 5
done
echo "asked for a $kind backup (request $id)"
before=''
while true; do
  # A primary that changes is no reason to give up; the Job's own deadline is.
  state=$(on_primary --command="SELECT coalesce(exit_code::text, CASE WHEN started_at IS NULL THEN 'waiting' ELSE 'running' END)
    FROM airflow_platform.backup_request WHERE id = $id") || state='no answer'
  if [ "$state" != "$before" ]; then echo "$state"; before=$state; fi
  case $state in
    [0-9]*)
      on_primary --command="SELECT detail FROM airflow_platform.backup_request WHERE id = $id"
      if [ "$state" -eq 0 ]; then exit 0; fi
      exit 1 ;;
  esac
  sleep 3
done
