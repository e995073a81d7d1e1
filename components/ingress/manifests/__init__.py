"""Pure builders of the edge's objects."""
