#!/bin/bash
# Before a leader stops: write dirty pages first, then hand over to a standby of the quorum. Never fails and never takes
# longer than a minute: an instance that must go, goes, and Patroni hands over by itself when it is told to end.
. /etc/airflow-platform/patroni_says.sh
hand_over() {
  psql --quiet --no-psqlrc --dbname=postgres --command=CHECKPOINT
  # The highest ordinal is the first to be renewed in a rollout, so the lead comes to rest on a renewed instance.
  candidate=$(patronictl -c /etc/patroni list --format=tsv | awk -F'\t' '$4 == "Quorum Standby" { print $2 }' | sort | tail -n 1)
  [ -n "$candidate" ] && patronictl -c /etc/patroni switchover postgres --leader "$PATRONI_NAME" --candidate "$candidate" --force
}
export -f hand_over
patroni_says_yes leader && timeout 60 bash -c hand_over
exit 0
