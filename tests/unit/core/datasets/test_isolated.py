"""Files from outside are read in a process that may break without harm."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.datasets.isolated import IsolatedReader
from core.datasets.readers.registry import READERS, preview_file, read_file
from tests.data import find_test_data
from tests.data.hostile import HOSTILE_FILES
from tests.data.hostile_formats import HOSTILE_BY_FORMAT
from utils.exceptions import ErrorCode, FileRefusedError, SignalError

ENDLESS = r"(?P<a>(a+)+)$"


@pytest.fixture(scope="module")
def reader() -> Iterator[IsolatedReader]:
    with IsolatedReader() as made:
        yield made


@pytest.fixture
def good_file(tmp_path: Path) -> Path:
    np.savetxt(tmp_path / "good.csv", np.arange(50.0))
    return tmp_path / "good.csv"


EVERY_HOSTILE = {kind: (made, make) for kind, (made, make) in HOSTILE_FILES.items()}
EVERY_HOSTILE |= {
    f"{name}: {kind}": made for name, kinds in HOSTILE_BY_FORMAT.items() for kind, made in kinds.items()
}


def test_there_are_five_hostile_variants_of_every_format() -> None:
    assert set(HOSTILE_BY_FORMAT) == set(READERS)
    assert min(len(kinds) for kinds in HOSTILE_BY_FORMAT.values()) >= 5


@pytest.mark.parametrize("kind", EVERY_HOSTILE)
def test_a_hostile_file_is_refused_quickly_in_plain_words(
    reader: IsolatedReader, tmp_path: Path, good_file: Path, kind: str
) -> None:
    file_name, make = EVERY_HOSTILE[kind]
    path = tmp_path / file_name
    make(path)
    before = time.monotonic()
    with pytest.raises(FileRefusedError) as caught:
        for variable in reader.preview(path).variables:
            reader.read(path, variable.name, tmp_path / "out")
    assert time.monotonic() - before < 10
    assert caught.value.sentence.endswith((".", "…"))
    assert "Error" not in caught.value.sentence
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob("*.unpickled"))
    assert reader.preview(good_file).variables[0].n_samples == 50


def test_broken_bytes_anywhere_are_answered_and_the_reader_lives_on(
    reader: IsolatedReader, tmp_path: Path
) -> None:
    import scipy.io

    scipy.io.savemat(tmp_path / "a.mat", {"bearing": {"gs": np.arange(300.0), "sr": 100}, "x": np.ones(40)})
    whole, rng = (tmp_path / "a.mat").read_bytes(), np.random.default_rng(5)
    for _ in range(60):
        raw = bytearray(whole)
        for place in rng.integers(0, len(raw), 3):
            raw[place] = rng.integers(0, 256)
        (tmp_path / "b.mat").write_bytes(raw)
        try:
            for variable in reader.preview(tmp_path / "b.mat").variables:
                reader.read(tmp_path / "b.mat", variable.name, tmp_path / "out")
        except (FileRefusedError, SignalError) as error:
            assert len(error.sentence) > 10


def test_it_reads_what_reading_in_this_process_reads(reader: IsolatedReader, tmp_path: Path) -> None:
    path = find_test_data().mfpt / "InnerRaceFault_vload_1.mat"
    assert reader.preview(path) == preview_file(path)
    signal_read = reader.read(path, "bearing.gs", tmp_path / "out")
    expected = read_file(path, ["bearing.gs"])["bearing.gs"]
    np.testing.assert_array_equal(np.fromfile(tmp_path / "out", "<f4"), expected)
    assert (signal_read.n_samples, signal_read.path) == (len(expected), tmp_path / "out")


def test_several_signals_are_written_in_one_go(reader: IsolatedReader, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "a.csv", (np.arange(20.0) % 7).reshape(10, 2), delimiter=";")
    outputs = {f"column_{i}": tmp_path / f"out{i}" for i in (1, 2)}
    found = reader.read_many(tmp_path / "a.csv", outputs)
    assert {name: one.n_samples for name, one in found.items()} == {"column_1": 10, "column_2": 10}
    assert np.fromfile(tmp_path / "out2", "<f4").tolist() == [at % 7 for at in range(1, 20, 2)]


def test_an_empty_signal_keeps_its_code(reader: IsolatedReader, tmp_path: Path) -> None:
    import scipy.io

    scipy.io.savemat(tmp_path / "a.mat", {"acc": np.empty((0, 1))})
    with pytest.raises(SignalError) as caught:
        reader.read(tmp_path / "a.mat", "acc", tmp_path / "out")
    assert caught.value.code is ErrorCode.EMPTY_SIGNAL
    assert not (tmp_path / "out").exists()


def test_a_failed_read_leaves_no_file(reader: IsolatedReader, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1.0,2.0\n" * 300 + "oops,2.0\n")
    with pytest.raises(FileRefusedError, match="Line 302"):
        reader.read_many(tmp_path / "a.csv", {"a": tmp_path / "o1", "b": tmp_path / "o2"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]


def test_a_changed_file_is_read_anew(reader: IsolatedReader, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1.0\n2.0\n")
    assert reader.preview(path).variables[0].n_samples == 2
    path.write_text("1.0\n2.0\n3.0\n")
    assert reader.preview(path).variables[0].n_samples == 3


def test_a_reader_that_takes_too_long_is_ended_and_replaced(good_file: Path) -> None:
    with IsolatedReader(seconds=1.0) as reader:
        reader.preview(good_file)
        before = time.monotonic()
        with pytest.raises(FileRefusedError, match="too long"):
            reader.match_names(ENDLESS, ["a" * 60 + "b"])
        assert time.monotonic() - before < 3
        assert reader.preview(good_file).variables[0].n_samples == 50


def test_a_reader_that_dies_is_replaced(good_file: Path) -> None:
    with IsolatedReader() as reader:
        reader.preview(good_file)
        assert reader._process is not None
        first = reader._process.pid
        os.kill(first, signal.SIGKILL)
        reader._process.wait()
        assert reader.preview(good_file).variables[0].n_samples == 50
        assert reader._process.pid != first


def test_a_file_that_needs_too_much_memory_is_refused_and_the_reader_lives(
    tmp_path: Path, good_file: Path
) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        zeros = np.zeros(3 << 24, "f4")
        file.create_dataset("signals/run/acc", data=zeros, chunks=zeros.shape, shuffle=True)
    with IsolatedReader(memory_bytes=420 << 20) as reader:
        with pytest.raises(FileRefusedError):
            reader.read(tmp_path / "a.h5", "run/acc", tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert reader.preview(good_file).variables[0].n_samples == 50


def test_a_file_larger_than_allowed_is_not_written(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "a.csv", np.arange(5_000.0))
    with IsolatedReader(file_bytes=4_096) as reader, pytest.raises(FileRefusedError):
        reader.read(tmp_path / "a.csv", "column_1", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_left_running(good_file: Path) -> None:
    with IsolatedReader() as reader:
        reader.preview(good_file)
        assert reader._process is not None
        pid = reader._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_child_gets_none_of_our_secrets(good_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    with IsolatedReader() as reader:
        reader.preview(good_file)
        assert reader._process is not None
        environment = Path(f"/proc/{reader._process.pid}/environ").read_bytes()
    assert b"do not tell" not in environment


def _run_restricted(body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines behind closed doors."""
    lines = [
        "import sys, os, socket, subprocess, pickle, ctypes",
        "from core.datasets import sandbox",
        "sandbox.leave_network()",
        "sandbox.deny_actions(lambda path: path == sys.argv[1])",
        body,
    ]
    return subprocess.run(
        [sys.executable, "-c", "\n".join(lines), *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    "body",
    [
        "socket.create_connection(('127.0.0.1', int(sys.argv[2])), 2)",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "pickle.loads(b'cos\\nsystem\\n.')",
        "open(sys.argv[1] + 'x', 'w')",
        "os.open(sys.argv[1] + 'x', os.O_CREAT | os.O_WRONLY)",
        "os.remove(sys.argv[3])",
    ],
)
def test_a_reader_process_may_not(tmp_path: Path, body: str) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = _run_restricted(body, str(tmp_path / "out"), str(server.getsockname()[1]), str(victim))
    assert "PermissionError: a file reader may not" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["victim"]


def test_a_reader_process_may_write_what_it_was_asked_for(tmp_path: Path) -> None:
    done = _run_restricted("open(sys.argv[1], 'w').close()", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "")


def test_without_the_audit_hook_there_is_still_no_network_where_the_system_allows_it() -> None:
    body = (
        "import socket, sys\nfrom core.datasets import sandbox\n"
        "print(sandbox.leave_network())\nsocket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = subprocess.run(
            [sys.executable, "-c", body, str(server.getsockname()[1])],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    if done.stdout.strip() != "True":
        pytest.skip("this system gives no network namespace to an ordinary process; the audit hook remains")
    assert "OSError" in done.stderr
