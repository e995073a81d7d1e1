#!/bin/bash
# Starts a Sentinel. What it knew is gone with its pod; it learns who leads from the others, or from the data nodes.
set -u
. /etc/valkey/common.sh
self=$(host_of "$POD_NAME")

leader=
while [ -z "$leader" ]; do
  leader=$(sentinel_votes | chosen_by 1)
  if [ -z "$leader" ]; then leader=$(leading_nodes | awk 'NR == 1 { print $2 }'); fi
  if [ -z "$leader" ]; then
    echo "no Sentinel and no data node says who leads yet"
    sleep 1
  fi
done

umask 077
password=$(cat "$secrets/sentinel-password")
{
  cat /etc/valkey/sentinel.conf
  # Always the same for the same name: the others would count a new one as one more Sentinel for ever.
  echo "sentinel myid $(echo -n "$self" | sha1sum | cut -c 1-40)"
  echo "sentinel announce-ip $self"
  echo "sentinel sentinel-pass $password"
  echo "sentinel monitor airflow $leader 6379 2"
  echo "sentinel auth-pass airflow $password"
  cat /etc/valkey/watch.conf
} >/run/valkey/sentinel.conf
echo "starting $self, the primary is $leader"
exec valkey-server /run/valkey/sentinel.conf --sentinel
