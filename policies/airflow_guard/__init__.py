"""Policies for Apache Airflow on Kubernetes, usable by any Pulumi program."""
