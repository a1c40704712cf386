"""Standard-library building blocks that every layer may use."""
