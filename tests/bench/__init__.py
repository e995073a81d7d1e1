"""Measurements on the local cluster: what is shipped beside Airflow's own defaults."""
