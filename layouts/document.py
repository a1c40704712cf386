"""The HTML document around the app: language, styles from this server, the theme before the first paint."""

from __future__ import annotations

from typing import Final

BOOTSTRAP_CSS: Final = "/bootstrap/static/css/bootstrap.min.css"
ICONS_CSS: Final = "/bootstrap/static/css/font/bootstrap-icons.min.css"
STYLESHEETS: Final = (BOOTSTRAP_CSS, ICONS_CSS)

# Loaded by the document itself, before the body: not once more by Dash.
EARLY_SCRIPTS: Final = r"^early_.*\.js$"

INDEX_STRING: Final = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <script src="/assets/early_theme.js"></script>
    {%favicon%}
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>
"""
