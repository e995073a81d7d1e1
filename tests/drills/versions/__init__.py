"""From one Airflow version to another and back."""
