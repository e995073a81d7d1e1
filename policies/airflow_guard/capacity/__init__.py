"""What pods ask of the cluster."""
