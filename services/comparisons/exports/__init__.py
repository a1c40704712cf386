"""A comparison to take away: PDF, CSV and LaTeX, all from the same report."""
