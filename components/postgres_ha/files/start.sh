#!/bin/bash
# Starts Patroni as process 1. Argument: the data folder.
set -euo pipefail
data=$1
mkdir -p "$(dirname "$data")"
# A group that the kubelet sets on the volume can widen the mode, and PostgreSQL refuses to start then.
if [ -d "$data" ]; then chmod 0700 "$data"; fi
exec patroni /etc/patroni
