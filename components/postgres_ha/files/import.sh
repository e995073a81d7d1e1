#!/bin/bash
# Copies another Airflow's metadata database into the one of this stack: once, whole or not at all, and only while that
# one is empty. Ends with 42 where somebody has to change a setting first.
# Argument: how to reach the own database as the superuser.
set -euo pipefail
own=$1
# How to reach the source; what the marker says; `writers` to copy although somebody may write there.
{ read -r source; read -r origin; read -r writers || true; } </etc/airflow-platform/import.conf

ours() { psql --quiet --no-psqlrc --no-align --tuples-only --set=ON_ERROR_STOP=1 "$own" "$@"; }
# The password reaches the one process that asks the source.
theirs() { PGPASSWORD=$(</run/secrets/airflow-platform/import-password) "$1" --dbname="$source" "${@:2}"; }
ask_theirs() { theirs psql --quiet --no-psqlrc --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"; }
refuse() { echo "postgres.importFrom, $origin: $*" >&2; exit 42; }
say() { printf '%(%H:%M:%S)T %s\n' -1 "$*"; }

# What is compared afterwards: the version of the schema, and rows of the tables that grow.
facts="SELECT 'schema ' || (SELECT max(version_num) FROM public.alembic_version)
  || ', DAG runs ' || (SELECT count(*) FROM public.dag_run) || ', task instances ' || (SELECT count(*) FROM public.task_instance)
  || ', connections ' || (SELECT count(*) FROM public.connection) || ', variables ' || (SELECT count(*) FROM public.variable)"

filled=$(ours --command="CREATE SCHEMA IF NOT EXISTS airflow_platform" \
  --command="CREATE TABLE IF NOT EXISTS airflow_platform.imported (origin text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())" \
  --command="SELECT origin || ' at ' || at FROM airflow_platform.imported" 2>/dev/null)
if [ -n "$filled" ]; then say "was filled from $filled: nothing to do"; exit 0; fi
if [ "$(ours --command="SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" != 0 ]; then
  refuse "this stack's database has tables already, and only an empty one is filled." \
    "Remove postgres.importFrom, or start a stack with new volumes."
fi

version=$(ask_theirs --command="SHOW server_version") # an error of libpq says what is wrong with the way there
if [ "$(ask_theirs --command="SELECT to_regclass('public.alembic_version') IS NOT NULL AND to_regclass('public.dag_run') IS NOT NULL")" != t ]; then
  refuse "that database holds no tables of Airflow in its schema public. Mend postgres.importFrom.database."
fi
# Superusers do not count: they are the instance's own keepers. An exporter may not write.
busy=$(ask_theirs --command="SELECT string_agg(DISTINCT usename, ', ') FROM pg_stat_activity JOIN pg_roles ON pg_roles.oid = usesysid
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND NOT rolsuper
    AND has_table_privilege(usesysid, 'public.dag_run', 'INSERT')")
if [ -n "$busy" ] && [ "$writers" != writers ]; then
  refuse "$busy may write there and is logged in; what it writes from now on would stay behind." \
    "Stop that Airflow and its poolers first, or write postgres.importFrom.allowWriters: true for a trial."
fi

say "copies from PostgreSQL $version: $(ask_theirs --command="SELECT pg_size_pretty(pg_database_size(current_database()))")"
# One transaction: a copy that breaks off leaves nothing. The owner makes the tables, so its default grants apply.
{
  echo "SET ROLE airflow;"
  if theirs pg_dump --no-owner --no-privileges --no-comments --no-publications --no-subscriptions --no-security-labels \
    --no-tablespaces --exclude-schema=airflow_platform; then
    echo "RESET ROLE;"
    echo "INSERT INTO airflow_platform.imported (origin) VALUES (:'origin');"
  else
    echo "DO \$\$ BEGIN RAISE EXCEPTION 'the source broke off'; END \$\$;"
  fi
} | psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=origin="$origin" --single-transaction --output=/dev/null "$own"
ours --command=ANALYZE
before=$(ask_theirs --command="$facts") after=$(ours --command="$facts")
say "there: $before"
say "here:  $after"
if [ "$before" != "$after" ]; then say "warning: the source has changed since it was copied"; fi
