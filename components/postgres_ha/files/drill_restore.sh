#!/bin/bash
# First half of a restore drill: the newest that the archive has, into an instance of this pod's own that nobody reaches.
# Recovers to the end of the archive, stops, and looks at the checksum of every page. Argument: the data folder.
set -uo pipefail
data=$1
. /etc/airflow-platform/primary.sh
restored() { psql --no-psqlrc --quiet --no-align --tuples-only "host=/run/postgresql user=postgres sslmode=disable dbname=postgres" "$@"; }

# fail TEXT: the drill is over, and the metrics say so.
fail() {
  echo "FAILED: $1"
  on_primary --set=detail="${1:0:2000}" <<SQL
UPDATE airflow_platform.restore_drill SET finished_at = now(), succeeded = false, detail = :'detail' WHERE id = $id;
SQL
  exit 1
}

until id=$(on_primary --command="INSERT INTO airflow_platform.restore_drill (deadline)
  VALUES (now() + interval '$TIMEOUT_SECONDS seconds') RETURNING id"); do
  echo "the database does not answer, trying again"
  sleep 5
done
started=$EPOCHREALTIME
echo "drill $id: restoring the newest backup"
said=$(/bin/bash /etc/airflow-platform/pgbackrest.sh --log-level-console=info --archive-mode=off \
  "--recovery-option=restore_command=/bin/bash /etc/airflow-platform/pgbackrest.sh archive-get %f \"%p\"" restore 2>&1) ||
  fail "restore: $(tail --lines=5 <<<"$said")"
grep -E 'restore backup set|restore size' <<<"$said"
rm -f "$data/patroni.dynamic.json"
files_there=$EPOCHREALTIME

echo "replaying the archive"
/bin/bash /etc/airflow-platform/drill_instance.sh "$data" >/report/postgres.log 2>&1 &
instance=$!
until [ "$(restored --command='SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; do
  kill -0 $instance 2>/dev/null || fail "recovery: $(grep -E 'FATAL|PANIC|ERROR' /report/postgres.log | tail --lines=5)"
  sleep 0.5
done
there=$EPOCHREALTIME
pg_ctl stop --pgdata="$data" --mode=fast --timeout=300 >/dev/null || fail "the restored instance does not stop"

echo "looking at every page"
said=$(pg_checksums --check --pgdata="$data" 2>&1) || fail "checksums: $(tail --lines=5 <<<"$said")"
grep -E 'Blocks scanned|Bad checksums' <<<"$said"
# Seconds as the shell counts them, to a tenth.
tenths() { echo $((${2/./} - ${1/./})) | awk '{ printf "%.1f", $1 / 1e6 }'; }
printf '{"id": %s, "read": %s, "restore_seconds": %s, "files_seconds": %s, "replay_seconds": %s}\n' "$id" "$there" \
  "$(tenths "$started" "$there")" "$(tenths "$started" "$files_there")" "$(tenths "$files_there" "$there")" | tee /report/restore.json
