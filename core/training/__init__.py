"""Training loop, hooks, checkpoints, metrics, classifiers."""
