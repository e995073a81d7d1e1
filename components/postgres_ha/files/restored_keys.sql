-- After a restore: are this stack's keys those that the restored rows are encrypted with? Says `fit` or `differ`.
-- The escrow that came back tells: equal keys under an equal passphrase give an equal document. Asked once for each
-- cluster that is made from an archive; later the keys may be rotated like any others. Variable: origin.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT to_regclass('airflow_platform.escrow') IS NOT NULL AS escrowed \gset
CREATE SCHEMA IF NOT EXISTS airflow_platform;
CREATE TABLE IF NOT EXISTS airflow_platform.restored (origin text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
\set document `cat /run/secrets/airflow-platform/keys.json`
\if :escrowed
  INSERT INTO airflow_platform.restored (origin)
    SELECT :'origin' WHERE EXISTS (SELECT FROM airflow_platform.escrow WHERE document = :'document')
    ON CONFLICT DO NOTHING;
\else
  INSERT INTO airflow_platform.restored (origin) VALUES (:'origin') ON CONFLICT DO NOTHING;
\endif
SELECT CASE WHEN EXISTS (SELECT FROM airflow_platform.restored WHERE origin = :'origin') THEN 'fit' ELSE 'differ' END;
