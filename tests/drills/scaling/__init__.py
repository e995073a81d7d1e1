"""Scale-ins of workers with running tasks."""
