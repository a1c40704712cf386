"""What a classifier looked at, and whether that can be trusted."""
