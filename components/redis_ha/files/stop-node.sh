#!/bin/bash
# Before a data node stops: if it leads, have the Sentinels choose another. Never fails and never takes longer than the
# loop below: a node that must go, goes, and the Sentinels notice by themselves.
set -u
. /etc/valkey/common.sh

leads() { ask sentinel localhost 6379 ROLE | grep -q '"master"'; }

for _ in $(seq 20); do
  leads || exit 0
  for ordinal in 0 1 2; do
    if ask sentinel "$(host_of valkey-sentinel-$ordinal)" 26379 SENTINEL FAILOVER airflow | grep -Eq '^OK|INPROG'; then break; fi
  done
  sleep 1
done
exit 0
