"""The work behind the diagnosing part of ExperimentService: evidence, classifier, verdict, feedback."""
