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
psql --quiet --no-psqlrc --file=/etc/airflow-platform/roles.sql \
  --variable=owner=airflow --variable=app=airflow_app --variable=reader=airflow_reader --variable=monitor=monitor \
  --variable=replication=replication --variable=rewind=rewind --variable=database=airflow \
  "host=$1 dbname=postgres user=postgres connect_timeout=10 sslmode=verify-full sslrootcert=$secrets/ca.crt \
   sslcert=$secrets/tls.crt sslkey=$secrets/tls.key"
echo "roles and logins are up to date"
