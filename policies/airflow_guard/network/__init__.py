"""Who may talk to whom, and how."""
