"""The HTML document around the app: language, styles from this server, the theme before the first paint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# Files of Bootstrap's own folder.
STYLESHEETS: Final = ("css/bootstrap.min.css", "css/font/bootstrap-icons.min.css")

# Loaded by the document itself, before the body: not once more by Dash.
EARLY_SCRIPTS: Final = ("early_requests.js", "early_theme.js")
EARLY_PATTERN: Final = r"^early_.*\.js$"


def build_index_string(early_addresses: Sequence[str]) -> str:
    """Return Dash's template of the document; the early scripts come after the meta elements they read."""
    scripts = "\n    ".join(f'<script src="{address}"></script>' for address in early_addresses)
    return f"""<!DOCTYPE html>
<html lang="en">
  <head>
    {{%metas%}}
    {scripts}
    <title>{{%title%}}</title>
    {{%favicon%}}
    {{%css%}}
  </head>
  <body>
    {{%app_entry%}}
    <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
  </body>
</html>
"""
