"""What every registered reader must do, whatever its format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets.readers import (
    arrays,
    audio,
    base,
    csv_text,
    hdf5_safety,
    parquet,
    tdms,
    uff58,
)
from core.datasets.readers.registry import READERS, open_file, preview_file, sniff
from tests.data.formats import FIXTURES, RATE_HZ, UNIT, VALUES, Fixture, make_fixture, make_values
from utils.constants import RECORDING_ENDINGS
from utils.exceptions import ErrorCode, FileRefusedError

# A text is gone through to count its rows: where they end is written nowhere.
TEXTS = ("csv", "uff58")


@pytest.fixture(params=sorted(FIXTURES))
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Fixture, Path]:
    return FIXTURES[request.param], make_fixture(request.param, tmp_path)


def test_every_format_has_a_fixture_and_its_endings() -> None:
    assert {fixture.format for fixture in FIXTURES.values()} == set(READERS)
    assert {ending for spec in READERS.values() for ending in spec.suffixes} == set(RECORDING_ENDINGS)


def test_its_files_are_recognised_by_content(made: tuple[Fixture, Path]) -> None:
    fixture, path = made
    assert sniff(path.rename(path.with_suffix(""))) == fixture.format


def test_arrays_rate_and_unit_are_the_same_from_every_format(made: tuple[Fixture, Path]) -> None:
    fixture, path = made
    preview = preview_file(path)
    assert (preview.format, len(preview.variables)) == (fixture.format, 4)
    with open_file(path) as file:
        for entry, expected in zip(preview.variables, VALUES, strict=True):
            values = base.collect(file.read_blocks(entry.name))
            assert values.dtype == np.float32
            assert entry.n_samples == len(values)
            np.testing.assert_array_equal(values, expected)
            assert entry.sample_rate_hz == (RATE_HZ if fixture.rate else None)
            assert entry.unit == (UNIT if fixture.unit else None)


def test_several_signals_at_once_equal_one_after_the_other(made: tuple[Fixture, Path]) -> None:
    with open_file(made[1]) as file:
        names = [entry.name for entry in file.preview().variables]
        together: dict[str, list[np.ndarray]] = {name: [] for name in names}
        for name, block in file.read_many(names[1:]):
            together[name].append(block)
    assert not together[names[0]]
    for name, expected in list(zip(names, VALUES, strict=True))[1:]:
        np.testing.assert_array_equal(np.concatenate(together[name]), expected)


def test_small_blocks_are_bounded_and_give_the_same_samples(
    made: tuple[Fixture, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (hdf5_safety, arrays, audio, tdms, uff58):
        monkeypatch.setattr(module, "BLOCK_SAMPLES", 700)
    monkeypatch.setattr(csv_text, "_CHUNK_BYTES", 5_000)
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 700)
    monkeypatch.setattr(uff58, "_LINES_PER_BLOCK", 100)
    with open_file(made[1]) as file:
        blocks = list(file.read_blocks(file.preview().variables[2].name))
    assert len(blocks) > 3
    assert max(block.size for block in blocks) <= 700
    np.testing.assert_array_equal(np.concatenate(blocks), VALUES[2])


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


def test_a_preview_reads_no_samples(made: tuple[Fixture, Path], tmp_path: Path) -> None:
    fixture, path = made
    name = next(name for name, each in FIXTURES.items() if each is fixture)
    with open_file(path) as warmed:  # libraries that are loaded on use are read now
        warmed.preview()
    path = make_fixture(name, tmp_path, make_values(100_000))
    with open_file(path) as file:
        before = _bytes_read()
        file.preview()
        read = _bytes_read() - before
    if fixture.format not in TEXTS:
        assert read < 0.35 * path.stat().st_size
    assert read < 3 * path.stat().st_size


def test_an_unknown_name_is_refused_with_the_names_that_exist(made: tuple[Fixture, Path]) -> None:
    with open_file(made[1]) as file, pytest.raises(FileRefusedError) as caught:
        list(file.read_blocks("no such signal"))
    assert caught.value.code is ErrorCode.NO_USABLE_VECTOR


@pytest.mark.parametrize("keep", [0.02, 0.55, 0.9])
def test_a_cut_file_never_gives_samples_that_were_not_there(made: tuple[Fixture, Path], keep: float) -> None:
    path = made[1]
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw))])
    if made[0].format == "csv":
        return  # a text file has no stated length: its first rows are still its rows
    with pytest.raises(FileRefusedError), open_file(path) as file:
        for entry in file.preview().variables:
            base.collect(file.read_blocks(entry.name))


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 600], ids=["empty", "blank", "zeros"])
def test_a_file_of_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FileRefusedError):
        preview_file(tmp_path / "a")


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="No such file"):
        preview_file(tmp_path / "nowhere.mat")
