"""Writes signals into files that other programs read, and that come back bit by bit."""
