"""What holds for every test."""

from hypothesis import settings

# Machines are noisy: a slow example is no failure, and the fast suite stays fast.
settings.register_profile("platform", deadline=None, max_examples=50)
settings.load_profile("platform")
