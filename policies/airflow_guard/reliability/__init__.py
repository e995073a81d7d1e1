"""What keeps the platform up and its data safe."""
