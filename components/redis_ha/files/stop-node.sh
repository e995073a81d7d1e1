#!/bin/bash
# Before a data node stops: if it leads, have the Sentinels choose another. Never fails and never takes longer than the
# loop below: a node that must go, goes, and the Sentinels notice by themselves.
set -u
. /etc/valkey/common.sh

leads() { ask sentinel localhost 6379 ROLE | grep -q '"master"'; }

# hand_over: true once a Sentinel has begun; asking again would move the lead once more.
hand_over() {
  local ordinal
  for ordinal in 0 1 2; do
    if ask sentinel "$(host_of valkey-sentinel-$ordinal)" 26379 SENTINEL FAILOVER airflow | grep -q '^OK'; then return 0; fi
  done
  return 1
}

# handed_over: whether a majority of the Sentinels names another leader. This node goes on to think that it leads until they
# tell it otherwise, some ten seconds later; who reads from it meanwhile sees nothing of what is written elsewhere.
handed_over() {
  local leader
  leader=$(sentinel_votes | chosen_by 2)
  [ -n "$leader" ] && [ "$leader" != "$(host_of "$POD_NAME")" ]
}

begun=
for _ in $(seq 20); do
  leads || exit 0
  if [ -n "$begun" ]; then
    if handed_over; then exit 0; fi
  else
    # What is written between the choice of another leader and the word of it here would be lost: let writers wait.
    ask sentinel localhost 6379 CLIENT PAUSE 10000 WRITE
    if hand_over; then begun=yes; else ask sentinel localhost 6379 CLIENT UNPAUSE; fi
  fi
  sleep 1
done
exit 0
