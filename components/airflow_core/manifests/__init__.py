"""Pure builders of AirflowCore's objects."""
