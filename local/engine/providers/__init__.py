"""What performs the steps: one provider per resource package."""
