"""The objects of RedisHA, as pure functions of its arguments."""
