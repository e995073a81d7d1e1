"""Builds the images of the catalogue on a host without a Docker daemon and pushes them to a registry."""
