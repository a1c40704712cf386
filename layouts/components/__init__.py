"""Components that every page is made of: they take plain data and return Dash components."""
