#!/bin/bash
# Brings what the cluster agreed on up to date; Patroni reads it from the instances' own files only once, when the cluster
# is made. Restarts instances whose changed parameters need it. Running it again changes nothing.
set -euo pipefail
patronictl -c /etc/patroni edit-config --apply /etc/airflow-platform/agreed.yml --force
patronictl -c /etc/patroni restart postgres --pending --force
patronictl -c /etc/patroni list
