#!/bin/bash
# Patroni runs this when an instance has the lock and is about to be promoted. What led before and was cut off cannot take
# its own label off: until its probe fails, half of the new connections would go to it. Never keeps a promotion waiting.
# Arguments: label that tells the role, selector of the instances.
/usr/bin/python3 /etc/airflow-platform/fence.py "$@" &
exit 0
