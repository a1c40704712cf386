"""Figure builders: plain data in, plotly figure out. All take the theme "light" or "dark"."""
