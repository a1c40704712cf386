"""Entry of a WSGI server: ``gunicorn dashboard.wsgi:application``."""

from __future__ import annotations

import gc

from dashboard.app import create_app

application = create_app()
# A quarter of a million objects live as long as the process. Each look through all of them held up whatever
# was being answered for more than a tenth of a second; so they are left alone, and the rest is looked at
# seldom.
gc.collect()
gc.freeze()
gc.set_threshold(10_000)
