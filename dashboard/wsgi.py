"""Entry of a WSGI server: ``gunicorn dashboard.wsgi:application``."""

from __future__ import annotations

from dashboard.app import create_app

application = create_app()
