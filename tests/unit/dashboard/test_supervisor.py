"""The supervisor over small stand-ins for its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dashboard.children import ChildSpec
from dashboard.supervisor import ChildLog, RestartPolicy, Supervisor
from utils.processes import wait_until

ROOT = Path(__file__).resolve().parents[3]
QUICK = RestartPolicy(first_s=0.02, longest_s=0.05, stable_s=60.0, poll_s=0.01)


def _python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", source)


SLEEP = _python("import time; time.sleep(60)")
STUBBORN = _python(
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]):
    subject = Supervisor(tmp_path / "logs", tmp_path, said.append, QUICK)
    yield subject
    subject.stop_all()


def _pids(folder: Path) -> list[int]:
    path = folder / "pids"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def _is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_child_that_ends_is_started_again_and_its_last_words_are_shown(supervisor, said, tmp_path) -> None:
    source = "import os; open('pids', 'a').write(f'{os.getpid()} '); print('no luck'); raise SystemExit(3)"
    supervisor.start(ChildSpec("unlucky", _python(source)))
    assert supervisor.watch_until(lambda: len(_pids(tmp_path)) >= 3)
    assert supervisor.count_failures("unlucky") >= 2
    assert "unlucky ended unexpectedly and is started again in 0.02 s." in said
    assert "  unlucky | no luck" in said


def test_pauses_double_up_to_a_limit() -> None:
    policy = RestartPolicy(first_s=0.5, longest_s=30.0)
    assert [policy.compute_pause_s(n) for n in (1, 2, 3, 7, 50)] == [0.5, 1.0, 2.0, 30.0, 30.0]


def test_failures_are_forgotten_after_a_stable_while(tmp_path, said) -> None:
    forgiving = RestartPolicy(first_s=0.01, longest_s=1.0, stable_s=0.0, poll_s=0.01)
    supervisor = Supervisor(tmp_path / "logs", tmp_path, said.append, forgiving)
    supervisor.start(ChildSpec("child", _python("open('pids', 'a').write('1 ')")))
    assert supervisor.watch_until(lambda: len(_pids(tmp_path)) >= 3)
    assert supervisor.count_failures("child") == 1
    supervisor.stop_all()


def test_what_a_killed_child_leaves_in_its_group_is_ended_and_reaped(supervisor, tmp_path) -> None:
    source = (
        "import os, subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)']); "
        "open('pids', 'a').write(f'{os.getpid()} {child.pid} '); time.sleep(60)"
    )
    supervisor.start(ChildSpec("parent", _python(source)))
    assert supervisor.watch_until(lambda: len(_pids(tmp_path)) == 2)
    parent, grandchild = _pids(tmp_path)
    os.kill(parent, signal.SIGKILL)
    assert supervisor.watch_until(lambda: len(_pids(tmp_path)) == 4)
    assert _is_gone(parent)
    assert wait_until(lambda: _is_gone(grandchild), 5)


def test_a_polite_child_stops_at_once_and_a_stubborn_one_within_its_grace(supervisor, said, tmp_path) -> None:
    supervisor.start(ChildSpec("polite", SLEEP, grace_s=20.0), ChildSpec("stubborn", STUBBORN, grace_s=0.3))
    assert supervisor.watch_until(lambda: "deaf" in ChildLog(tmp_path / "logs" / "stubborn.log").read_tail())
    began = time.monotonic()
    supervisor.stop_all()
    assert 0.3 <= time.monotonic() - began < 5.0
    assert said == ["stubborn did not stop in time and is killed."]


def test_a_child_that_stops_last_outlives_the_others(supervisor, tmp_path) -> None:
    on_term = (
        "import signal, sys, time\n"
        "def end(*_):\n    time.sleep({pause}); open('order', 'a').write('{name} '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); open('{name}', 'w'); time.sleep(60)"
    )
    supervisor.start(
        ChildSpec("last", _python(on_term.format(pause=0, name="last")), stops_last=True),
        ChildSpec("first", _python(on_term.format(pause=0.3, name="first"))),
    )
    assert supervisor.watch_until(lambda: (tmp_path / "last").exists() and (tmp_path / "first").exists())
    supervisor.stop_all()
    assert (tmp_path / "order").read_text() == "first last "


def test_a_log_that_grew_too_long_is_put_aside_while_its_writer_goes_on(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("dashboard.supervisor._LOG_LIMIT_BYTES", 100)
    log = ChildLog(tmp_path / "child.log")
    descriptor = log.open()
    os.write(descriptor, b"a" * 101)
    log.rotate()
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert log.path.read_text() == "after\n"
    assert (tmp_path / "child.log.1").read_text() == "a" * 101
    assert log.path.stat().st_mode & 0o777 == 0o600


SUPERVISE = """
import sys
from pathlib import Path
from dashboard.children import ChildSpec
from dashboard.supervisor import RestartPolicy, Supervisor
policy = RestartPolicy(poll_s=0.01)
supervisor = Supervisor(Path('logs'), Path('.'), lambda line: print(line, flush=True), policy)
supervisor.listen_to_signals()
supervisor.start(ChildSpec('sleeper', {command!r}, grace_s={grace_s}))
print('pid', supervisor._children[0].process.pid, flush=True)
supervisor.watch_until(lambda: False)
supervisor.stop_all()
print('stopped', flush=True)
"""


def _supervise(folder: Path, command: tuple[str, ...], grace_s: float = 5.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISE.format(command=command, grace_s=grace_s)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_everything_in_order(number: int, tmp_path) -> None:
    with _supervise(tmp_path, SLEEP) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[1])
        process.send_signal(number)
        assert process.stdout.read() == "stopped\n"
        assert process.wait(10) == 0
    assert _is_gone(child)


def test_a_second_signal_does_not_wait_for_the_grace(tmp_path) -> None:
    with _supervise(tmp_path, STUBBORN, grace_s=60.0) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[1])
        log = ChildLog(tmp_path / "logs" / "sleeper.log")
        assert wait_until(lambda: "deaf" in log.read_tail(), 10)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert _is_gone(child)


def test_a_killed_supervisor_takes_its_children_along(tmp_path) -> None:
    with _supervise(tmp_path, SLEEP) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[1])
        process.kill()
        process.wait()
    assert wait_until(lambda: _is_gone(child), 5)
