# How the Jobs reach the primary; sourced by the other scripts. The rest stands in PG* variables.
PGUSER=$(</run/secrets/airflow-platform/backup-user)
PGPASSWORD=$(</run/secrets/airflow-platform/backup-password)
on_primary() {
  PGUSER=$PGUSER PGPASSWORD=$PGPASSWORD psql --no-psqlrc --quiet --no-align --tuples-only --field-separator=' ' "$@"
}
