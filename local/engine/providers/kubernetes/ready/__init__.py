"""When an object really works: one pure rule per kind, and the loop that asks them."""
