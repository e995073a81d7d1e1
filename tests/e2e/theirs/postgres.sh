#!/bin/bash
# A PostgreSQL as a cloud gives it: TLS by an authority of its own, an administrator who creates roles and databases and is
# no superuser, and a log-in that may do neither. Arguments: password of the one, of the other.
set -euo pipefail
data=/work/data
initdb -D $data --username=super --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
install -m 0600 /certificates/tls.key /work/tls.key
echo 'hostssl all all all scram-sha-256' >> $data/pg_hba.conf
cat >> $data/postgresql.conf <<CONF
listen_addresses = '*'
unix_socket_directories = '/work'
ssl = on
ssl_cert_file = '/certificates/tls.crt'
ssl_key_file = '/work/tls.key'
max_connections = 60
shared_buffers = 32MB
CONF
pg_ctl -D $data -o "-c listen_addresses=''" -w start
psql -q -h /work -U super -d postgres -v admin="$1" -v nobody="$2" <<SQL
CREATE ROLE cloudadmin LOGIN CREATEROLE CREATEDB PASSWORD :'admin';
CREATE ROLE nobody LOGIN PASSWORD :'nobody';
CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
SQL
pg_ctl -D $data -w stop
exec postgres -D $data
