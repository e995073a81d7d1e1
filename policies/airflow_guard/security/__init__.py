"""What a pod may do."""
