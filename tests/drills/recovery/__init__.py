"""The runbooks for restore, disaster recovery and another version of PostgreSQL, done on stacks of their own."""
