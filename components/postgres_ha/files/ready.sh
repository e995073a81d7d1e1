#!/bin/bash
# Ready is the leader, and a standby that the quorum counts on: neither a rollout nor a drain then goes below the quorum.
# The leader is asked for apart: it stays the leader while the Kubernetes API is away, the quorum's answer does not.
# What was true last time is asked first, since each question costs a TLS handshake.
# The server itself comes before both: Patroni answers for a primary until its lock runs out, though it is cut off and has
# stopped its server long before.
. /etc/airflow-platform/patroni_says.sh
pg_isready --quiet --timeout=2 || exit 1
memory=/tmp/ready
last=primary other=read-only-quorum
if [ "$(cat $memory 2>/dev/null)" = "$other" ]; then last=read-only-quorum other=primary; fi
patroni_says_yes "$last" && exit 0
patroni_says_yes "$other" && echo "$other" >$memory
