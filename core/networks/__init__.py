"""One architecture per file and a registry."""
