#!/bin/bash
# The throwaway instance of a restore drill: on a socket of this pod alone, small, archiving nothing, waiting for no standby.
# Argument: the data folder.
exec postgres -D "$1" -c listen_addresses= -c unix_socket_directories=/run/postgresql -c ssl=off -c archive_mode=off \
  -c hba_file=/etc/airflow-platform/drill_hba.conf -c ident_file=/dev/null -c synchronous_standby_names= \
  -c shared_buffers=64MB -c work_mem=16MB -c maintenance_work_mem=64MB -c max_wal_size=1GB -c autovacuum=off \
  -c log_line_prefix='%m [%p] ' -c log_min_duration_statement=-1 -c logging_collector=off
