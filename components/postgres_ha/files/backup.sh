#!/bin/bash
# Beside every instance; acts where that instance leads. Writes the heartbeat, sees to the archive, and takes the backups
# that are asked for in airflow_platform.backup_request, one at a time.
# Argument: seconds between two heartbeats.
set -uo pipefail
. /etc/airflow-platform/patroni_says.sh
here=/etc/airflow-platform
retry_seconds=30
refresh_seconds=3600

say() { printf '%(%Y-%m-%dT%H:%M:%SZ)T %s\n' -1 "$*"; }
sql() { psql --no-psqlrc --quiet --no-align --tuples-only --dbname=airflow "$@"; }
archive() { /bin/bash $here/pgbackrest.sh "$@"; }

# remember_error TEXT: what stands in the metrics and in the log; empty when all is well again.
remember_error() {
  if [ -n "$1" ]; then say "error: $1"; fi
  sql --set=error="${1:0:2000}" <<<"UPDATE airflow_platform.backup_state SET error = :'error'" || true
}

# refresh_info: what the store holds, for the metrics.
refresh_info() {
  archive --output=json info >/tmp/info.json || return
  sql <<'SQL'
\set info `cat /tmp/info.json`
UPDATE airflow_platform.backup_state SET read_at = now(), info = :'info';
SQL
}

# prepare: once for each time that this instance comes to lead. The tables come from the configuring Job.
prepare() {
  local said
  said=$(sql 2>&1 <<'SQL'
\set ON_ERROR_STOP on
DELETE FROM airflow_platform.backup_request WHERE requested_at < now() - interval '90 days';
UPDATE airflow_platform.backup_request SET finished_at = now(), exit_code = 255, detail = 'the runner or its instance went away'
  WHERE started_at IS NOT NULL AND finished_at IS NULL;
SQL
) || { say "the tables are not there yet: $said"; return 1; }
  said=$(archive stanza-create 2>&1) || { remember_error "stanza-create: $said"; return 1; }
  # Switches to a new segment and waits until the store has it.
  said=$(archive check 2>&1) || { remember_error "check: $said"; return 1; }
  said=$(/bin/bash $here/archive_gaps.sh "$(sql --command='SHOW data_directory')" 2>&1) ||
    { remember_error "archive: $said"; return 1; }
  if [ -n "$said" ]; then say "$said"; fi
  remember_error ""
  refresh_info || return 1
  sql --command="INSERT INTO airflow_platform.backup_request (kind) SELECT 'full' WHERE NOT EXISTS
    (SELECT FROM airflow_platform.backups) AND NOT EXISTS
    (SELECT FROM airflow_platform.backup_request WHERE kind = 'full' AND finished_at IS NULL)"
  say "leading; the archive takes segments"
}

# perform ID KIND: one backup, or a look at every file of the store.
perform() {
  local id=$1 kind=$2 said code
  sql --command="UPDATE airflow_platform.backup_request SET started_at = now() WHERE id = $id" || return
  say "$kind (request $id) begins"
  if [ "$kind" = verify ]; then
    said=$(archive --output=text --verbose verify 2>&1); code=$?
    # It ends well also where it found something wrong.
    if [ $code -eq 0 ] && grep -q 'status: error' <<<"$said"; then code=1; fi
  else
    said=$(archive --type="$kind" --log-level-console=info backup 2>&1); code=$?
  fi
  say "$kind (request $id) ended with $code"
  if [ $code -ne 0 ]; then remember_error "$kind: $(tail --lines=5 <<<"$said")"; else remember_error ""; fi
  sql --set=detail="$(tail --lines=20 <<<"$said")" <<SQL
UPDATE airflow_platform.backup_request SET finished_at = now(), exit_code = $code, detail = :'detail' WHERE id = $id;
SQL
  refresh_info
}

prepared=no next_try=0 next_refresh=0 worker=''
trap 'kill $(jobs -p) 2>/dev/null; exit 0' TERM INT
while true; do
  # What the liveness probe looks at.
  : >/tmp/tick
  if [ $prepared = no ] && [ "$SECONDS" -ge "$next_try" ] && patroni_says_yes primary; then
    next_try=$((SECONDS + retry_seconds))
    if prepare; then prepared=yes next_refresh=$((SECONDS + refresh_seconds)); fi
  fi
  said=$(sql --file=$here/tick.sql 2>&1) || said=''
  case $said in
    standby) prepared=no ;;
    request*)
      read -r _ id kind <<<"$said"
      # An instance that was cut off may still take itself for the primary; Patroni knows better.
      if [ $prepared = yes ] && ! kill -0 "$worker" 2>/dev/null && patroni_says_yes leader; then
        perform "$id" "$kind" &
        worker=$!
      fi ;;
  esac
  if [ $prepared = yes ] && [ "$SECONDS" -ge "$next_refresh" ]; then
    next_refresh=$((SECONDS + refresh_seconds))
    refresh_info
  fi
  sleep "$1" &
  wait $!
done
