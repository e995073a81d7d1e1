"""Generators of committed files; each has a test that compares."""
