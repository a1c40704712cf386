"""``python -m dashboard COMMAND``."""

from __future__ import annotations

import sys

from dashboard.cli import cli

if __name__ == "__main__":
    sys.exit(cli(prog_name="python -m dashboard"))
