-- Tables of backups and drills, beside Airflow's in its own database so that they come back with it; and the key escrow.
-- May run again. Run by the superuser on the primary, after roles.sql.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE SCHEMA IF NOT EXISTS airflow_platform;

CREATE TABLE IF NOT EXISTS airflow_platform.heartbeat (at timestamptz NOT NULL);
INSERT INTO airflow_platform.heartbeat SELECT now() WHERE NOT EXISTS (SELECT FROM airflow_platform.heartbeat);

-- The sealed keys of credentials/escrow.py. The newest is the one in use; older ones open older rows.
CREATE TABLE IF NOT EXISTS airflow_platform.escrow (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stored_at timestamptz NOT NULL DEFAULT now(),
  document jsonb NOT NULL UNIQUE
);

\set document `cat /run/secrets/airflow-platform/keys.json`
INSERT INTO airflow_platform.escrow (document) VALUES (:'document')
  ON CONFLICT (document) DO UPDATE SET stored_at = now();

CREATE TABLE IF NOT EXISTS airflow_platform.backup_request (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('full', 'diff', 'verify')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  exit_code integer,
  detail text NOT NULL DEFAULT ''
);

-- What `pgbackrest info` said last, and what went wrong since.
CREATE TABLE IF NOT EXISTS airflow_platform.backup_state (
  read_at timestamptz NOT NULL,
  info jsonb NOT NULL,
  error text NOT NULL
);
INSERT INTO airflow_platform.backup_state SELECT now(), '[]', ''
  WHERE NOT EXISTS (SELECT FROM airflow_platform.backup_state);

CREATE TABLE IF NOT EXISTS airflow_platform.restore_drill (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT now(),
  deadline timestamptz NOT NULL,
  finished_at timestamptz,
  succeeded boolean,
  data_loss_seconds double precision,
  restore_seconds double precision,
  connections_opened integer,
  detail text NOT NULL DEFAULT ''
);

CREATE OR REPLACE VIEW airflow_platform.backups AS
  SELECT entry ->> 'label' AS label, entry ->> 'type' AS kind,
    (entry #>> '{timestamp,stop}')::double precision AS finished,
    (entry #>> '{timestamp,stop}')::double precision - (entry #>> '{timestamp,start}')::double precision AS seconds,
    (entry #>> '{info,size}')::double precision AS database_bytes,
    (entry #>> '{info,repository,delta}')::double precision AS stored_bytes
  FROM airflow_platform.backup_state, jsonb_array_elements(info) AS stanza, jsonb_array_elements(stanza -> 'backup') AS entry;

-- What the exporter reads.
CREATE OR REPLACE VIEW airflow_platform.backup_metrics AS
  SELECT DISTINCT ON (kind) kind, finished AS last_timestamp_seconds, seconds AS last_duration_seconds,
    database_bytes AS last_database_bytes, stored_bytes AS last_stored_bytes, count(*) OVER (PARTITION BY kind) AS kept
  FROM airflow_platform.backups ORDER BY kind, finished DESC;

CREATE OR REPLACE VIEW airflow_platform.state_metrics AS
  SELECT (error <> '')::int AS failing, extract(epoch FROM read_at)::double precision AS read_timestamp_seconds
  FROM airflow_platform.backup_state;

-- On the primary alone: a standby archives nothing.
CREATE OR REPLACE VIEW airflow_platform.archive_metrics AS
  SELECT extract(epoch FROM now() - coalesce(last_archived_time, pg_postmaster_start_time()))::double precision AS age_seconds,
    (last_failed_time IS NOT NULL AND (last_archived_time IS NULL OR last_failed_time > last_archived_time))::int AS failing,
    waiting.segments AS waiting_segments,
    waiting.longest AS waiting_seconds
  FROM pg_stat_archiver, (
    SELECT count(*) AS segments, coalesce(extract(epoch FROM now() - min(modification)), 0)::double precision AS longest
    FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'
  ) AS waiting
  WHERE NOT pg_is_in_recovery();

-- Before the first drill its clock starts with the first backup. A drill that began and never ended has failed.
CREATE OR REPLACE VIEW airflow_platform.drill_metrics AS
  WITH last AS (SELECT * FROM airflow_platform.restore_drill
      WHERE finished_at IS NOT NULL OR deadline < now() ORDER BY id DESC LIMIT 1),
    good AS (SELECT * FROM airflow_platform.restore_drill WHERE succeeded ORDER BY id DESC LIMIT 1)
  SELECT coalesce(extract(epoch FROM (SELECT finished_at FROM good)),
      extract(epoch FROM (SELECT min(requested_at) FROM airflow_platform.backup_request)))::double precision
      AS last_success_timestamp_seconds,
    coalesce((SELECT data_loss_seconds FROM good), 'NaN') AS data_loss_seconds,
    coalesce((SELECT restore_seconds FROM good), 'NaN') AS restore_seconds,
    (EXISTS (SELECT FROM last WHERE succeeded IS NOT TRUE))::int AS failed;

-- The clock of a look at every file starts as that of the drills. One whose instance went away (255) found nothing wrong.
CREATE OR REPLACE VIEW airflow_platform.verify_metrics AS
  WITH looked AS (SELECT * FROM airflow_platform.backup_request WHERE kind = 'verify' AND exit_code <> 255)
  SELECT coalesce(extract(epoch FROM (SELECT max(finished_at) FROM looked WHERE exit_code = 0)),
      extract(epoch FROM (SELECT min(requested_at) FROM airflow_platform.backup_request)))::double precision
      AS last_success_timestamp_seconds,
    coalesce((SELECT exit_code <> 0 FROM looked ORDER BY id DESC LIMIT 1), false)::int AS failed;

-- Exact counts of what a restore must bring back. As its owner, so that a drill may compare and read nothing else.
CREATE OR REPLACE FUNCTION airflow_platform.row_counts() RETURNS TABLE (name text, rows bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE counted text;
BEGIN
  FOREACH counted IN ARRAY ARRAY['alembic_version', 'connection', 'variable', 'slot_pool', 'dag', 'serialized_dag', 'dag_run', 'task_instance'] LOOP
    IF to_regclass('public.' || counted) IS NOT NULL THEN
      name := counted;
      EXECUTE format('SELECT count(*) FROM public.%I', counted) INTO rows;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION airflow_platform.row_counts() FROM PUBLIC;

GRANT CONNECT ON DATABASE airflow TO backup;
GRANT USAGE ON SCHEMA airflow_platform TO backup, monitor, airflow_app, airflow;
-- Who removes old rows asks first whether a backup holds them.
GRANT SELECT ON airflow_platform.backup_metrics TO airflow_app;
GRANT SELECT, INSERT (kind) ON airflow_platform.backup_request TO backup;
-- Who changes Airflow's tables asks for a backup before.
GRANT SELECT, INSERT (kind) ON airflow_platform.backup_request TO airflow;
GRANT SELECT, INSERT, UPDATE ON airflow_platform.restore_drill TO backup;
GRANT EXECUTE ON FUNCTION airflow_platform.row_counts() TO backup;
GRANT SELECT ON airflow_platform.backup_metrics, airflow_platform.state_metrics, airflow_platform.archive_metrics,
  airflow_platform.drill_metrics, airflow_platform.verify_metrics TO monitor;
