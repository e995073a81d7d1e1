#!/bin/bash
# What PostgreSQL runs for each finished segment of its log. Argument: the segment's path.
# The segment in which an older timeline ended is not archived: what belongs to this cluster's history stands in the segment of
# the same number on the timeline that followed, and what comes after differs from instance to instance. Who followed another primary keeps such
# leftovers, and hands them in at its first checkpoints as primary. The archive would keep those of the first instance, refuse
# those of every other for ever, and with them all later segments.
set -euo pipefail
folder=${1%/*} name=${1##*/}
here=/etc/airflow-platform

# ended_before_its_end: whether this cluster left the segment's timeline in this segment or in an earlier one (16 MiB each).
ended_before_its_end() {
  local histories timeline segment of at rest
  [[ $name =~ ^[0-9A-F]{24}$ ]] || return 1
  histories=("$folder"/????????.history)
  [[ -f ${histories[-1]} ]] || return 1
  timeline=$((16#${name:0:8})) segment=$(((16#${name:8:8} << 8) + 16#${name:16:8}))
  while read -r of at rest; do
    [[ $of == "$timeline" && $at =~ ^[0-9A-F]+/[0-9A-F]+$ ]] || continue
    ((segment < (16#${at%/*} << 8) + (16#${at#*/} >> 24))) || return 0
  done <"${histories[-1]}"
  return 1
}

if ended_before_its_end; then
  echo "archive: $name is left out: its timeline ended there, and the next one's segment holds what counts"
  exit 0
fi
exec /bin/bash $here/pgbackrest.sh archive-push "$1"
