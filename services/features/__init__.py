"""The inner work of the feature service."""
