"""The inner work of comparisons: matching experiments, statistics, wording, exports."""
