"""REST API, version 1: one resource per file."""
