"""Pure component trees; no I/O."""
