"""Who may come in: the guard over every path, sign-in pages, CSRF, security headers."""
