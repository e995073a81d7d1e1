-- Roles and the database of a new cluster. May run again: what is there stays, passwords are set anew.
\set ON_ERROR_STOP on
-- The first standby does not exist yet; a statement with a password must not reach the log.
SET synchronous_commit = local;
SET log_min_error_statement = panic;
\set airflow_password `cat /run/secrets/airflow-platform/airflow-password`
\set monitor_password `cat /run/secrets/airflow-platform/monitor-password`

SELECT 'CREATE ROLE airflow' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'airflow') \gexec
ALTER ROLE airflow LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'airflow_password';

SELECT 'CREATE ROLE monitor' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'monitor') \gexec
ALTER ROLE monitor LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5 PASSWORD :'monitor_password';
GRANT pg_monitor TO monitor;

SELECT 'CREATE DATABASE airflow OWNER airflow' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'airflow') \gexec
REVOKE ALL ON DATABASE airflow FROM PUBLIC;
GRANT CONNECT ON DATABASE airflow TO monitor;
