"""What is worked out about a finished experiment beyond its results."""
