"""``python -m dashboard COMMAND``."""

from __future__ import annotations

import os
import sys

from dashboard.cli import cli

if __name__ == "__main__":
    os.umask(0o077)  # database, logs and classifiers are nobody else's; the processes started here inherit it
    sys.exit(cli(prog_name="python -m dashboard"))
