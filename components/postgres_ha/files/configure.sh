#!/bin/bash
# Brings what the cluster agreed on, its roles and its database up to date. Running it again changes nothing.
# Arguments: host of the primary; what the cluster was made from, where that is an archive; `standby` where it follows that.
set -euo pipefail
secrets=/run/secrets/airflow-platform
# Patroni reads the agreed configuration from the instances' own files only once, when the cluster is made.
patronictl -c /etc/patroni edit-config --apply /etc/airflow-platform/agreed.yml --force
patronictl -c /etc/patroni restart postgres --pending --force
patronictl -c /etc/patroni list
# The superuser without a password: by this Job's own certificate, which the instances know.
primary="host=$1 user=postgres connect_timeout=10 sslmode=verify-full sslrootcert=$secrets/ca.crt \
 sslcert=$secrets/tls.crt sslkey=$secrets/tls.key"

# keys_fit FILE: whether this stack's keys are those of what was restored.
keys_fit() {
  local keys
  keys=$(psql --quiet --no-psqlrc --no-align --tuples-only --file="$1" --variable=origin="$2" "$primary dbname=airflow")
  if [ "$keys" = fit ]; then echo "the keys are those of what was restored"; return; fi
  echo "The database was restored from $2, and its connections and variables are encrypted with other keys than this" \
    "stack's. The keys lie sealed in airflow_platform.escrow: give them to the stack as docs/runbooks/restore.md says," \
    "and deploy again. Nothing uses the database until then."
  exit 42
}

if [ "${3:-}" = standby ]; then
  keys_fit /etc/airflow-platform/standby_keys.sql "$2"
  echo "follows the archive and takes no writes"
  exit 0
fi
# One that is promoted takes writes after a moment.
until [ "$(psql --quiet --no-psqlrc --no-align --tuples-only --command='SELECT pg_is_in_recovery()' "$primary dbname=postgres")" = f ]; do
  echo "not promoted yet"
  sleep 1
done
psql --quiet --no-psqlrc --file=/etc/airflow-platform/roles.sql \
  --variable=owner=airflow --variable=app=airflow_app --variable=reader=airflow_reader --variable=monitor=monitor \
  --variable=replication=replication --variable=rewind=rewind --variable=database=airflow \
  "$primary dbname=postgres"
echo "roles and logins are up to date"
if [ -n "${2:-}" ]; then
  keys_fit /etc/airflow-platform/restored_keys.sql "$2"
fi
if [ -r /etc/airflow-platform/import.sh ]; then
  /bin/bash /etc/airflow-platform/import.sh "$primary dbname=airflow"
fi
if [ -r /etc/airflow-platform/backup_tables.sql ]; then
  psql --quiet --no-psqlrc --file=/etc/airflow-platform/backup_tables.sql "$primary dbname=airflow"
  echo "tables of backups and the key escrow are up to date"
fi
