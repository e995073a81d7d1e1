#!/bin/bash
# Ready is the leader, and a standby that the quorum counts on: neither a rollout nor a drain then goes below the quorum.
# The leader is asked first and apart: it stays the leader while the Kubernetes API is away, the quorum's answer does not.
set -u
ask() {
  curl --silent --fail --output /dev/null --max-time 2 --cacert /run/secrets/airflow-platform/ca.crt "https://localhost:8008/$1"
}
ask primary || ask read-only-quorum
