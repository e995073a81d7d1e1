#!/bin/bash
# probe.sh alive|ready PORT
# Alive is what answers, whatever it answers. Ready is a primary, and a replica that is in touch with its primary.
set -u
. /etc/valkey/common.sh
case $1 in
alive)
  ask monitor localhost "$2" PING | grep -Eq 'PONG|LOADING|BUSY|MASTERDOWN' || exit 1
  if [ "$2" = 26379 ] && spins; then renew_links; fi
  exit 0
  ;;
ready) ask monitor localhost "$2" INFO replication | tr -d '\r' | grep -Eq '^(role:master|master_link_status:up)$' ;;
esac
