"""What the physics of a machine says of a recording by itself, and how it meets a classifier's opinion."""
