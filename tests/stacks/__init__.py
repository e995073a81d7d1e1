"""The three stacks as wholes."""
