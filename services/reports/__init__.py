"""The report of a diagnosis, made again at any time from what is stored."""
