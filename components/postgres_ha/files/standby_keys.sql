-- In a standby, which takes no writes: will this stack's keys be those of the rows once it is promoted? Says `fit` or `differ`.
\set ON_ERROR_STOP on
SELECT to_regclass('airflow_platform.escrow') IS NOT NULL AS escrowed \gset
\set document `cat /run/secrets/airflow-platform/keys.json`
\if :escrowed
  SELECT CASE WHEN EXISTS (SELECT FROM airflow_platform.escrow WHERE document = :'document') THEN 'fit' ELSE 'differ' END;
\else
  SELECT 'fit';
\endif
