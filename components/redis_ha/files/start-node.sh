#!/bin/bash
# Starts a data node as what the others say it is. A node never takes the lead on its own word while anybody can be asked.
set -u
. /etc/valkey/common.sh
self=$(host_of "$POD_NAME")

# Who leads, by a majority of the Sentinels, or by nodes that lead already.
known_leader() {
  local leader
  leader=$(sentinel_votes | chosen_by 2)
  if [ -z "$leader" ]; then leader=$(leading_nodes | awk 'NR == 1 { print $2 }'); fi
  echo "$leader"
}

leader=
for _ in 1 2 3 4 5 6; do
  leader=$(known_leader)
  [ -n "$leader" ] && break
  sleep 1
done
# One Sentinel alone knows better than nobody.
if [ -z "$leader" ]; then leader=$(sentinel_votes | chosen_by 1); fi
# Nobody is there: the first start, or all are starting. Everybody comes to the same answer.
if [ -z "$leader" ]; then leader=$(host_of valkey-0); fi

umask 077
{
  cat /etc/valkey/valkey.conf
  echo "replica-announce-ip $self"
  echo "masterauth $(cat "$secrets/replication-password")"
  if [ "$leader" != "$self" ]; then echo "replicaof $leader 6379"; fi
} >/run/valkey/valkey.conf
echo "starting $self, the primary is $leader"
exec valkey-server /run/valkey/valkey.conf
