"""The inner work of the signal viewer."""
