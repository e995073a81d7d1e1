-- Every few seconds: says whether this instance leads, writes the heartbeat there, and names the next backup asked for.
\set ON_ERROR_STOP on
-- What the archive gets; a standby that is away does not hold it up.
SET synchronous_commit = local;
SELECT pg_is_in_recovery() AS standby \gset
\if :standby
  \echo standby
\else
  UPDATE airflow_platform.heartbeat SET at = clock_timestamp();
  SELECT coalesce((SELECT format('request %s %s', id, kind) FROM airflow_platform.backup_request
    WHERE started_at IS NULL ORDER BY id LIMIT 1), 'primary');
\endif
