"""What gets built: one package per component, and the platform that wires them."""
