"""Pure builders of the monitoring objects."""
