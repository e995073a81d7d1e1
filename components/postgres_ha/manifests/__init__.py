"""The objects of PostgresHA, as pure functions of its arguments."""
