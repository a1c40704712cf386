"""Run the benchmarks: ``python -m benchmarks [ROW ...]``; without a row, all of them.

Each row is a module of this folder with a ``main``; it prints a table and writes its JSON below ``results``.
Rows run one after the other, in processes of their own and on one thread, so that none disturbs another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent


def list_rows() -> list[str]:
    """Return the names of all rows."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py") if "def main(" in path.read_text())


def run_row(row: str) -> bool:
    """Run one row in a process of its own; tell whether it came to its end."""
    print(f"\n== {row}", flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"benchmarks.{row}"]
    return subprocess.run(command, cwd=FOLDER.parent, env=environment, check=False).returncode == 0


def summarise(rows: Sequence[str]) -> None:
    """Print what each row's newest result says of its goal."""
    print("\n| row | date | goal | holds |\n|---|---|---|---|")
    for row in rows:
        path = FOLDER / "results" / f"{row}.json"
        result = json.loads(path.read_text()) if path.exists() else {}
        held = {True: "yes", False: "no"}.get(result.get("holds"), "see the table")
        print(f"| {row} | {result.get('date', 'never')} | {result.get('goal', '')} | {held} |")


def main(chosen: Sequence[str]) -> int:
    """Run the chosen rows; 2 for an unknown one, 1 where one failed."""
    known = list_rows()
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    rows = list(chosen) or known
    failed = [row for row in rows if not run_row(row)]
    summarise(rows)
    if failed:
        print(f"\nDid not come to their end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
