"""The policy pack, as `pulumi preview --policy-pack policies` and the embedded engine start it."""

from airflow_guard.registry import RULES
from airflow_guard.server import serve

serve("airflow-guard", RULES)
