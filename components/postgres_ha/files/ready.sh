#!/bin/bash
# Ready is the leader, and a standby that the quorum counts on: neither a rollout nor a drain then goes below the quorum.
# The leader is asked first and apart: it stays the leader while the Kubernetes API is away, the quorum's answer does not.
. /etc/airflow-platform/patroni_says.sh
patroni_says_yes primary || patroni_says_yes read-only-quorum
