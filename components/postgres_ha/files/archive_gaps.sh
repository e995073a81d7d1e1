#!/bin/bash
# Run once each time that an instance comes to lead: sends what lies in its log and is missing in the archive, and names it.
# A standby takes for archived whatever it receives. What its predecessor had finished and not sent, because the store was away
# or because it died in between, nobody would send: a restore could not go beyond the gap, nor a standby stack.
# Argument: the data folder.
set -euo pipefail
here=/etc/airflow-platform
list() { /bin/bash $here/pgbackrest.sh repo-ls "archive/platform$1"; }

# The folder of this major version: each upgrade begins another one, numbered.
newest=$(list '' | grep -E '^[0-9]+-[0-9]+$' | sort -t- -k2,2n | tail -n 1)
listed='' held=''
for status in "$1"/pg_wal/archive_status/*.done; do
  name=${status##*/} name=${name%.done}
  [[ $name =~ ^[0-9A-F]{24}$ ]] || continue
  if [ "${name:0:16}" != "$listed" ]; then listed=${name:0:16} held=$(list "/$newest/$listed"); fi
  # Held are names with a checksum behind them.
  if [[ $'\n'$held == *$'\n'"$name-"* || ! -f $1/pg_wal/$name ]]; then continue; fi
  said=$(nice -n 19 /bin/bash $here/pgbackrest_archive.sh "$1/pg_wal/$name") || { echo "$name: $said"; exit 1; }
  [[ $said == *'left out'* ]] || echo "sent $name, which was missing"
done
