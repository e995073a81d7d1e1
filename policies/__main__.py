"""The policy pack, as `pulumi preview --policy-pack policies` and the embedded engine start it."""

from airflow_guard.start import start

start("airflow-guard")
