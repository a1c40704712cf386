"""The same four signals in every format that is read: float32, 25.6 kHz, in g where the format can say so."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import scipy.io
import scipy.io.wavfile

from core.datasets.canonical import CanonicalSignal, write_canonical

RATE_HZ = 25_600
UNIT = "g"
Signals = npt.NDArray[np.float32]


def make_values(n_samples: int) -> Signals:
    """Make four signals of 16-bit steps: exact as sound, as float32 and in nine printed digits."""
    steps = np.rint(np.random.default_rng(4).standard_normal((4, n_samples)) * 4_096)
    return (np.clip(steps, -32_768, 32_767) / 32_768).astype("f4")


VALUES = make_values(2_500)


@dataclass(frozen=True)
class Fixture:
    """How a file of a format is made, and what the format can say itself."""

    format: str
    suffix: str
    make: Callable[[Path, Signals], None]
    rate: bool = True
    unit: bool = True


def _matlab5(path: Path, values: Signals) -> None:
    named = {f"v{at}": row for at, row in enumerate(values)}
    scipy.io.savemat(path, {**named, "fs": RATE_HZ, "unit": UNIT}, do_compression=True)


def write_mat73(path: Path, fill: Callable[[h5py.File], None]) -> None:
    """Write what MATLAB's ``save -v7.3`` writes: HDF5 behind a block of 512 bytes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        fill(file)
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    with path.open("r+b") as raw:
        raw.write(head)


def mat73_array(
    group: h5py.Group, name: str, values: Any, kind: str = "double", **storage: Any
) -> h5py.Dataset:
    """Add an array as MATLAB does: its axes reversed, its class in an attribute."""
    array = np.atleast_2d(np.asarray(values))
    node = group.create_dataset(name, data=array.T, **storage)
    node.attrs["MATLAB_class"] = np.bytes_(kind)
    return node


def mat73_text(group: h5py.Group, name: str, text: str) -> None:
    """Add a char array."""
    mat73_array(group, name, np.array([[ord(char) for char in text]], "u2"), "char").attrs[
        "MATLAB_int_decode"
    ] = 2


def _matlab73(path: Path, values: Signals) -> None:
    def fill(file: h5py.File) -> None:
        for at, row in enumerate(values):
            mat73_array(file, f"v{at}", row[:, np.newaxis], "single", chunks=(1, 1_024), compression="gzip")
        mat73_array(file, "fs", RATE_HZ)
        mat73_text(file, "unit", UNIT)

    write_mat73(path, fill)


def _canonical(path: Path, values: Signals) -> None:
    signals = [CanonicalSignal(f"r{at}", "acc", row, RATE_HZ, unit=UNIT) for at, row in enumerate(values)]
    write_canonical(path, "set", signals, created_utc=datetime(2026, 1, 1, tzinfo=UTC))


def _matrix(prefix: str) -> Callable[[Path, Signals], None]:
    def make(path: Path, values: Signals) -> None:
        with h5py.File(path, "w") as file:
            file[f"{prefix}signals"], file[f"{prefix}labels"] = values, [0, 1, 2, 3]
            file.attrs.update({"sampling_rate": RATE_HZ, "unit": UNIT})

    return make


def _hdf5(path: Path, values: Signals) -> None:
    with h5py.File(path, "w") as file:
        node = file.create_dataset("run 1/acc", data=values.T, compression="gzip", chunks=(512, 2))
        node.attrs.update({"dt": 1.0 / RATE_HZ, "units": UNIT})


def _csv(path: Path, values: Signals) -> None:
    head = "\n".join([f"sample_rate_hz: {RATE_HZ}", f"unit: {UNIT}"])
    np.savetxt(path, values.T, fmt="%.9g", delimiter=",", header=head)


def _csv_german(path: Path, values: Signals) -> None:
    times = np.arange(values.shape[1]) / RATE_HZ
    rows = ["Messung;Prüfstand 3", "Zeit;Kanal 1;Kanal 2;Kanal 3;Kanal 4", "s;g;g;g;g"]
    table = np.column_stack([times, values.T])
    rows += [";".join(f"{value:.9g}" for value in row).replace(".", ",") for row in table]
    path.write_text("\r\n".join(rows) + "\r\n", encoding="latin-1")


def _npy(path: Path, values: Signals) -> None:
    np.save(path, values)


def _npz(path: Path, values: Signals) -> None:
    np.savez_compressed(path, acc=np.asfortranarray(values.T), fs=RATE_HZ, unit=UNIT)


def _wav(path: Path, values: Signals) -> None:
    scipy.io.wavfile.write(path, RATE_HZ, np.rint(values.T * 32_768).astype("<i2"))


def _wav_float(path: Path, values: Signals) -> None:
    scipy.io.wavfile.write(path, RATE_HZ, values.T.copy())


def _flac(path: Path, values: Signals) -> None:
    import soundfile

    soundfile.write(path, values.T, RATE_HZ, subtype="PCM_16", format="FLAC")


def _parquet(path: Path, values: Signals) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {f"v{at}": row for at, row in enumerate(values)}
    table = pyarrow.table({"time [s]": np.arange(values.shape[1]) / RATE_HZ, **columns})
    table = table.replace_schema_metadata({"unit": UNIT, "machine": "rig 3"})
    pyarrow.parquet.write_table(table, path, row_group_size=600)


def _tdms(path: Path, values: Signals) -> None:
    import nptdms

    said = {
        "wf_increment": 1.0 / RATE_HZ,
        "unit_string": UNIT,
        "wf_start_time": np.datetime64("2026-03-01T10:00:00"),
    }
    with nptdms.TdmsWriter(path) as writer:
        for part in np.array_split(values, 3, axis=1):  # as a logger writes: segment after segment
            writer.write_segment(
                [nptdms.ChannelObject("rig", f"v{at}", row, said) for at, row in enumerate(part)]
            )


def _uff(binary: int) -> Callable[[Path, Signals], None]:
    def make(path: Path, values: Signals) -> None:
        import pyuff

        sets = []
        for at, row in enumerate(values):
            made = pyuff.prepare_58(
                binary=binary,
                id1=f"v{at}",
                id3="01-Mar-26 10:00:00",
                func_type=1,
                rsp_node=at + 1,
                rsp_dir=3,
                ref_node=0,
                ref_dir=0,
                data=row.astype("f8"),
                x=np.arange(row.size) / RATE_HZ,
                ord_data_type=4,
                ordinate_spec_data_type=12,
                ordinate_axis_units_lab=UNIT,
                orddenom_spec_data_type=0,
                z_axis_spec_data_type=0,
                abscissa_spec_data_type=17,
                abscissa_inc=1.0 / RATE_HZ,
                abscissa_spacing=1,
            )
            sets.append(made)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # pyuff leaves the binary file to the collector
            pyuff.UFF(str(path)).write_sets(sets, mode="add")
            gc.collect()

    return make


FIXTURES: dict[str, Fixture] = {
    "MATLAB 5": Fixture("matlab5", ".mat", _matlab5),
    "MATLAB 7.3": Fixture("matlab73", ".mat", _matlab73),
    "canonical HDF5": Fixture("canonical_hdf5", ".h5", _canonical),
    "split HDF5": Fixture("split_hdf5", ".h5", _matrix("train/")),
    "flat HDF5": Fixture("flat_hdf5", ".h5", _matrix("")),
    "any HDF5": Fixture("hdf5", ".h5", _hdf5),
    "CSV": Fixture("csv", ".csv", _csv),
    "CSV with decimal commas": Fixture("csv", ".txt", _csv_german),
    "NPY": Fixture("npy", ".npy", _npy, rate=False, unit=False),
    "NPZ": Fixture("npz", ".npz", _npz),
    "WAV": Fixture("wav", ".wav", _wav, unit=False),
    "WAV of floats": Fixture("wav", ".wav", _wav_float, unit=False),
    "FLAC": Fixture("flac", ".flac", _flac, unit=False),
    "Parquet": Fixture("parquet", ".parquet", _parquet),
    "TDMS": Fixture("tdms", ".tdms", _tdms),
    "UFF 58": Fixture("uff58", ".uff", _uff(0)),
    "UFF 58b": Fixture("uff58", ".uff", _uff(1)),
}


def make_fixture(name: str, folder: Path, values: Signals = VALUES) -> Path:
    """Make one of `FIXTURES` and return its path."""
    fixture = FIXTURES[name]
    path = folder / f"a{fixture.suffix}"
    fixture.make(path, values)
    return path
