"""Judges a stack by the policy pack without a cluster, and reports what it finds."""
