-- Roles, logins and the database. May run at any time: what is there stays, logins that are let in get their passwords,
-- all others of our making lose theirs. Run by the superuser on the primary; variables: owner, app, reader, monitor,
-- replication, rewind, database.
\set ON_ERROR_STOP on
-- A statement with a password must not reach the log.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET client_min_messages = 'warning';

CREATE TEMPORARY TABLE wanted (role name, login name, password text);
\copy wanted FROM '/run/secrets/airflow-platform/logins' WITH (FORMAT csv, DELIMITER ' ')

BEGIN;
-- What may be done; nobody logs in by these names.
SELECT format('CREATE ROLE %I', role)
FROM (SELECT DISTINCT role FROM wanted) AS roles
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
SELECT format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD NULL', role)
FROM (SELECT DISTINCT role FROM wanted) AS roles \gexec
GRANT pg_monitor TO :"monitor";
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text, boolean, boolean), pg_catalog.pg_stat_file(text, boolean),
  pg_catalog.pg_read_binary_file(text), pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO :"rewind";

-- Who logs in.
SELECT DISTINCT format('CREATE ROLE %I', login)
FROM wanted WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) \gexec
SELECT DISTINCT
  format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE %s CONNECTION LIMIT %s PASSWORD %L', login,
    CASE WHEN role = :'replication' THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
    CASE role WHEN :'monitor' THEN 5 WHEN :'reader' THEN 60 ELSE -1 END, password)
FROM wanted \gexec
SELECT DISTINCT format('GRANT %I TO %I', role, login) FROM wanted \gexec
-- A stack that follows this one's archive has turns of its own: its instances come in by certificate as either login, so
-- that both are there.
CREATE TEMPORARY TABLE following AS SELECT (:'replication' || turn)::name AS login FROM (VALUES ('_a'), ('_b')) AS turns (turn);
SELECT format('CREATE ROLE %I', login) FROM following WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE REPLICATION', login) FROM following \gexec
SELECT format('GRANT %I TO %I', :'replication', login) FROM following \gexec
-- What an owner's login makes belongs to the owner, whichever of the two logins it is.
SELECT DISTINCT format('ALTER ROLE %I SET role = %L', login, role) FROM wanted WHERE role = :'owner' \gexec
SELECT DISTINCT format('ALTER ROLE %I SET default_transaction_read_only = on', login)
FROM wanted WHERE role = :'reader' \gexec

-- Who does not any more, or not by a password.
SELECT format('ALTER ROLE %I %s PASSWORD NULL', member.rolname,
  CASE WHEN granted.rolname = :'replication' THEN 'LOGIN' ELSE 'NOLOGIN' END)
FROM pg_auth_members
JOIN pg_roles AS member ON member.oid = pg_auth_members.member
JOIN pg_roles AS granted ON granted.oid = pg_auth_members.roleid
WHERE granted.rolname IN (SELECT role FROM wanted)
  AND member.rolname NOT IN (SELECT login FROM wanted) AND member.rolcanlogin \gexec
COMMIT;

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app", :"reader", :"monitor";

\connect :database
SET log_min_error_statement = 'panic';
SET client_min_messages = 'warning';
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"app", :"reader";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"app";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"app";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"app";
