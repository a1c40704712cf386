"""Feature sets over batches of windows."""
