#!/bin/bash
# Fills the data folder of a new cluster from the archive that it is made from. What it replays and when it stops to
# lead stands in the recovery settings that pgBackRest leaves behind.
# Arguments: the data folder; the time to go back to, `standby` to go on following, or nothing for the end of the archive.
set -euo pipefail
archive="/bin/bash /etc/airflow-platform/pgbackrest.sh source"
target=(--type=default)
case ${2:-} in
  '') ;;
  standby) target=(--type=standby) ;;
  *) target=(--type=time "--target=$2" --target-action=promote) ;;
esac
echo "restoring to ${2:-the end of the archive}"
$archive --log-level-console=info "${target[@]}" "--recovery-option=restore_command=$archive archive-get %f \"%p\"" restore
# What the source's instances had agreed on is not this cluster's.
rm -f "$1/patroni.dynamic.json"
