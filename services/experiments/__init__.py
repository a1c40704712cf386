"""The work behind ExperimentService: creation, training, results, diagnosis."""
