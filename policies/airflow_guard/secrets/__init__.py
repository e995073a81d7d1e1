"""Where credentials may stand."""
