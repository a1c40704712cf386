"""Readers, the canonical store, windows, splits and the leak check."""
