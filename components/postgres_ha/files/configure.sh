#!/bin/bash
# Brings what the cluster agreed on, its roles and its database up to date. Running it again changes nothing.
# Argument: host of the primary.
set -euo pipefail
secrets=/run/secrets/airflow-platform
# Patroni reads the agreed configuration from the instances' own files only once, when the cluster is made.
patronictl -c /etc/patroni edit-config --apply /etc/airflow-platform/agreed.yml --force
patronictl -c /etc/patroni restart postgres --pending --force
patronictl -c /etc/patroni list
# The superuser without a password: by this Job's own certificate, which the instances know.
primary="host=$1 user=postgres connect_timeout=10 sslmode=verify-full sslrootcert=$secrets/ca.crt \
 sslcert=$secrets/tls.crt sslkey=$secrets/tls.key"
psql --quiet --no-psqlrc --file=/etc/airflow-platform/roles.sql \
  --variable=owner=airflow --variable=app=airflow_app --variable=reader=airflow_reader --variable=monitor=monitor \
  --variable=replication=replication --variable=rewind=rewind --variable=database=airflow \
  "$primary dbname=postgres"
echo "roles and logins are up to date"
if [ -r /etc/airflow-platform/backup_tables.sql ]; then
  psql --quiet --no-psqlrc --file=/etc/airflow-platform/backup_tables.sql "$primary dbname=airflow"
  echo "tables of backups and the key escrow are up to date"
fi
