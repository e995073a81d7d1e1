# Questions to the broker; sourced by the other scripts.
secrets=/run/secrets/airflow-platform

# ask USER HOST PORT WORD...: one command, within two seconds.
ask() {
  local user=$1 host=$2 port=$3
  shift 3
  REDISCLI_AUTH=$(cat "$secrets/$user-password") timeout 2 valkey-cli --no-auth-warning --no-raw \
    --tls --cacert "$secrets/ca.crt" --user "$user" -h "$host" -p "$port" "$@" 2>/dev/null
}

# host_of NAME: full host name of a node's or Sentinel's own Service.
host_of() { echo "$1.$DOMAIN"; }

# sentinel_votes: one line for each other Sentinel that answers, with the host that it takes for the primary.
sentinel_votes() {
  local ordinal name
  for ordinal in 0 1 2; do
    name=valkey-sentinel-$ordinal
    if [ "$name" != "$POD_NAME" ]; then
      ask sentinel "$(host_of "$name")" 26379 SENTINEL GET-MASTER-ADDR-BY-NAME airflow | sed -n 's/^1) "\(.*\)"$/\1/p'
    fi
  done
}

# leading_nodes: one line "replicas host" for each other data node that leads, the one with most replicas first.
leading_nodes() {
  local ordinal name reply
  for ordinal in 0 1 2; do
    name=valkey-$ordinal
    if [ "$name" != "$POD_NAME" ]; then
      reply=$(ask sentinel "$(host_of "$name")" 6379 INFO replication | tr -d '\r')
      if grep -q '^role:master$' <<<"$reply"; then
        echo "$(sed -n 's/^connected_slaves://p' <<<"$reply") $(host_of "$name")"
      fi
    fi
  done | sort -rn
}

# chosen_by COUNT: the host on standard input that at least COUNT lines name.
chosen_by() { sort | uniq -c | sort -rn | awk -v count="$1" '$1 >= count { print $2; exit }'; }

# spins: whether the server of this pod used more than a tenth of a processor since it was last asked, a minute ago.
spins() {
  local used before
  used=$(awk '{ print int(($14 + $15) / 100) }' /proc/1/stat)
  before=$(cat /run/valkey/used 2>/dev/null || echo "$used")
  echo "$used" >/run/valkey/used
  [ $((used - before)) -gt 6 ]
}

# renew_links: makes the Sentinels connect anew. A Service without a pod refuses by ICMP; a link that was being made at
# that moment and succeeds with its next packet keeps the error in a queue that Valkey never reads, and is reported to
# it as ready for ever: a third of a processor for nothing, at each Sentinel whose peer started a moment too late.
renew_links() {
  local ordinal
  echo "it spins: the links between the Sentinels and to the nodes are made anew" >/proc/1/fd/1
  for ordinal in 0 1 2; do
    ask sentinel "$(host_of "valkey-sentinel-$ordinal")" 26379 CLIENT KILL USER sentinel
    ask sentinel "$(host_of "valkey-$ordinal")" 6379 CLIENT KILL USER sentinel
  done >/dev/null
}
