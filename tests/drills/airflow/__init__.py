"""Faults of Airflow itself, on the running dev stack."""
