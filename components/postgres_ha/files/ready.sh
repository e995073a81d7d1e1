#!/bin/bash
# Ready is the leader, and a standby that the quorum counts on: neither a rollout nor a drain then goes below the quorum.
# The leader is asked for apart: it stays the leader while the Kubernetes API is away, the quorum's answer does not.
# What was true last time is asked first, since each question costs a TLS handshake.
# The server itself comes before both: Patroni answers for a primary until its lock runs out, though it is cut off and has
# stopped its server long before.
. /etc/airflow-platform/patroni_says.sh
pg_isready --quiet --timeout=2 || exit 1
memory=/tmp/ready

# is_ready_as ROLE
is_ready_as() {
  case $1 in
    # A stack that follows an archive has no quorum, nor has one that was of one instance until the Job after this rollout
    # has agreed on it; there it is whoever is near enough to its leader to lead next.
    follower)
      patroni_says config | grep -q -e '"standby_cluster": {' -e '"synchronous_mode": false' &&
        patroni_says_yes 'replica?lag=100MB'
      ;;
    *) patroni_says_yes "$1" ;;
  esac
}

last=$(cat $memory 2>/dev/null)
[ -n "$last" ] && is_ready_as "$last" && exit 0
for role in leader read-only-quorum follower; do
  if [ "$role" != "$last" ] && is_ready_as "$role"; then echo "$role" >$memory; exit 0; fi
done
exit 1
