"""Child processes that leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from utils.processes import signal_group, start_process, stop_process, wait_until

ROOT = Path(__file__).resolve().parents[3]
SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('ready', flush=True); time.sleep(60)",
]


def _is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_child_gets_its_signal_when_its_parent_is_killed() -> None:
    source = (
        "import sys, time; from utils.processes import start_process\n"
        f"print(start_process({SLEEP!r}).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not _is_gone(child)
        parent.kill()
        parent.wait()
    assert wait_until(lambda: _is_gone(child), 5)


def test_a_child_leads_a_group_of_its_own_so_that_ctrl_c_does_not_reach_it() -> None:
    child = start_process(SLEEP)
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    assert stop_process(child) == -signal.SIGTERM


def test_a_child_that_ignores_the_polite_signal_is_killed_after_its_grace() -> None:
    child = start_process(STUBBORN, output=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    assert stop_process(child, grace_s=0.1) == -signal.SIGKILL
    child.stdout.close()


def test_a_signal_to_the_group_reaches_grandchildren_and_an_empty_group_is_fine() -> None:
    source = f"import subprocess, time; print(subprocess.Popen({SLEEP!r}).pid, flush=True); time.sleep(60)"
    child = start_process([sys.executable, "-c", source], output=subprocess.PIPE)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    signal_group(child, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert wait_until(lambda: _is_gone(grandchild), 5)
    signal_group(child, signal.SIGKILL)


def test_waiting_ends_with_the_time_or_with_the_condition() -> None:
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), 5, 0.001)
    assert not wait_until(lambda: False, 0.01, 0.001)
