"""Manifests of Autoscaling."""
