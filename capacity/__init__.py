"""How many workers: a simulator of the autoscaling rules and a planner of sizes. Reads settings, builds nothing."""
