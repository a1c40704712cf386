"""Broken and hostile files for each format, beside those of `tests.data.hostile`."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.data.formats import (
    FIXTURES,
    VALUES,
    make_fixture,
    mat73_array,
    write_mat73,
)
from tests.data.hostile import HOSTILE_FILES, _Marker

Maker = Callable[[Path], None]

_HEADER = "{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}"
_POINTS = b"      2500         1"
_MANY_POINTS = b"1099511627         1"


def _cut(name: str, keep: float = 0.6) -> Maker:
    """Cut a good file off."""

    def make(path: Path) -> None:
        made = make_fixture(name, path.parent)
        raw = made.read_bytes()
        made.unlink()
        path.write_bytes(raw[: int(keep * len(raw))])

    return make


def _patched(name: str, *patches: tuple[bytes, bytes]) -> Maker:
    """Put a lie into a good file."""

    def make(path: Path) -> None:
        made = make_fixture(name, path.parent)
        raw = made.read_bytes()
        made.unlink()
        for old, new in patches:
            assert old in raw, old
            raw = raw.replace(old, new, 1)
        path.write_bytes(raw)

    return make


def _noise(head: bytes) -> Maker:
    """Put random bytes behind a right beginning."""

    def make(path: Path) -> None:
        path.write_bytes(head + np.random.default_rng(0).bytes(20_000))

    return make


def _text(path: Path) -> None:
    path.write_text("this is no recording\n" * 40)


# --- HDF5 ---


def _h5(dataset: str, **storage: Any) -> Maker:
    def make(path: Path) -> None:
        with h5py.File(path, "w") as file:
            if dataset.startswith("train/"):
                file.create_group("train")
            file.create_dataset(dataset, **storage)

    return make


def _h5_bomb(dataset: str) -> Maker:
    def make(path: Path) -> None:
        with h5py.File(path, "w") as file:
            zeros = file.create_dataset(dataset, (8, 1 << 22), "f4", chunks=(1, 1 << 22), compression="gzip")
            zeros[:] = 0

    return make


def _h5_linked(dataset: str) -> Maker:
    def make(path: Path) -> None:
        group, _, name = dataset.rpartition("/")
        with h5py.File(path, "w") as file:
            (file.require_group(group) if group else file)[name] = h5py.ExternalLink("/etc/hostname", "/")

    return make


def _h5_virtual(dataset: str) -> Maker:
    def make(path: Path) -> None:
        layout = h5py.VirtualLayout((8, 64), "f4")
        layout[:] = h5py.VirtualSource("/etc/hostname", "acc", (8, 64))
        with h5py.File(path, "w") as file:
            file.create_virtual_dataset(dataset, layout)

    return make


def _hdf5_of(fixture: str, dataset: str) -> dict[str, tuple[str, Maker]]:
    return {
        "cut": ("x.h5", _cut(fixture)),
        "terabytes in a kilobyte": ("x.h5", _h5(dataset, shape=(8, 1 << 38), chunks=(1, 64), dtype="f4")),
        "bomb": ("x.h5", _h5_bomb(dataset)),
        "external link": ("x.h5", _h5_linked(dataset)),
        "virtual": ("x.h5", _h5_virtual(dataset)),
        "objects": ("x.h5", _h5(dataset, shape=(8,), dtype=h5py.vlen_dtype(np.dtype("f4")))),
        "references": ("x.h5", _h5(dataset, shape=(8,), dtype=h5py.ref_dtype)),
    }


# --- MATLAB 7.3 ---


def _mat73(fill: Callable[[h5py.File], None]) -> Maker:
    return lambda path: write_mat73(path, fill)


def _mat73_loop(file: h5py.File) -> None:
    """A cell that holds itself."""
    cell = mat73_array(file, "c", np.zeros((1, 2)), "cell")
    del file["c"]
    cell = file.create_dataset("c", (2, 1), h5py.ref_dtype)
    cell.attrs["MATLAB_class"] = np.bytes_("cell")
    cell[0, 0] = cell[1, 0] = cell.ref


def _mat73_wide(file: h5py.File) -> None:
    """Cells in cells: ten levels of eight references each are a thousand million arrays."""
    inner = mat73_array(file.create_group("#refs#"), "a", VALUES[:1, :100])
    for level in range(10):
        cell = file["#refs#"].create_dataset(f"c{level}", (8, 1), h5py.ref_dtype)
        cell.attrs["MATLAB_class"] = np.bytes_("cell")
        cell[:, 0] = [inner.ref] * 8
        inner = cell
    top = file.create_dataset("top", (1, 1), h5py.ref_dtype)
    top.attrs["MATLAB_class"] = np.bytes_("cell")
    top[0, 0] = inner.ref


def _mat73_deep(file: h5py.File) -> None:
    file.create_group("/".join("a" * 100))


def _mat73_false_shape(file: h5py.File) -> None:
    file.create_dataset("acc", (1, 1 << 40), "f8", chunks=(1, 4_096))


def _mat73_link(file: h5py.File) -> None:
    file["acc"] = h5py.ExternalLink("/etc/hostname", "/")


def _mat73_bomb(file: h5py.File) -> None:
    file.create_dataset("acc", (1, 1 << 22), "f8", chunks=(1, 1 << 22), compression="gzip")[:] = 0


# --- NumPy ---


def _npy(header: str, body: bytes = bytes(64)) -> Maker:
    text = header.encode().ljust(117) + b"\n"
    return lambda path: (
        path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body) and None
    )


def _npy_objects(path: Path) -> None:
    np.save(path, np.array([_Marker(str(path) + ".unpickled")], dtype=object), allow_pickle=True)


def _npy_code(path: Path) -> None:
    """A header that is a program."""
    _npy("{'descr': __import__('os').mkdir('made'), 'fortran_order': False, 'shape': (8,), }")(path)


def _archive(*members: tuple[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> Maker:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", packed) as archive:
            for name, body in members:
                archive.writestr(name, body)

    return make


def _npy_bytes(array: Any, *, objects: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=objects)
    return buffer.getvalue()


def _npz_bomb(path: Path) -> None:
    _archive(("acc.npy", _npy_bytes(np.zeros(1 << 24, "f4"))))(path)


def _npz_objects(path: Path) -> None:
    body = _npy_bytes(np.array([_Marker(str(path) + ".unpickled")], dtype=object), objects=True)
    _archive(("acc.npy", body))(path)


def _npz_pickle(path: Path) -> None:
    body = pickle.dumps(_Marker(str(path) + ".unpickled"))
    _archive(("acc.npy", _npy_bytes(np.arange(100.0))), ("data.pkl", body))(path)


def _npz_false_shape(path: Path) -> None:
    _npy(_HEADER.format(1 << 40))(path)
    _archive(("acc.npy", path.read_bytes()))(path)


def _npz_flipped(path: Path) -> None:
    """Samples that do not agree with the archive's checksum."""
    _archive(("acc.npy", _npy_bytes(np.arange(4_000.0))), packed=zipfile.ZIP_STORED)(path)
    raw = bytearray(path.read_bytes())
    raw[9_000] ^= 0x40
    path.write_bytes(raw)


# --- sound ---


def _wav_header(channels: int, subtype: int, width: int, n_bytes: int) -> bytes:
    form = struct.pack(
        "<HHIIHH", subtype, channels, 25_600, 25_600 * channels * width, channels * width, 8 * width
    )
    return (
        b"RIFF" + struct.pack("<I", 36 + min(n_bytes, 1 << 31)) + b"WAVEfmt " + struct.pack("<I", 16) + form
    )


def _wav(channels: int, subtype: int, n_claimed: int, n_stored: int) -> Maker:
    head = _wav_header(channels, subtype, 2, n_claimed) + b"data" + struct.pack("<I", n_claimed)

    def make(path: Path) -> None:
        path.write_bytes(head + bytes(n_stored))

    return make


def _wav_without_data(path: Path) -> None:
    path.write_bytes(_wav_header(1, 1, 2, 0))


def _flac_claims(path: Path) -> None:
    """STREAMINFO that claims 2^36 - 1 samples."""
    made = make_fixture("FLAC", path.parent)
    raw = bytearray(made.read_bytes())
    made.unlink()
    raw[21] |= 0x0F
    raw[22:26] = b"\xff" * 4
    path.write_bytes(raw)


def _flac_silence(path: Path) -> None:
    import soundfile

    with soundfile.SoundFile(path, "w", 25_600, 8, "PCM_16", format="FLAC") as file:
        for _ in range(16):
            file.write(np.zeros((1 << 18, 8), "i2"))


def _flac_flipped(path: Path) -> None:
    made = make_fixture("FLAC", path.parent)
    raw = bytearray(made.read_bytes())
    made.unlink()
    for at in range(len(raw) // 2, len(raw) - 100, 50):
        raw[at] ^= 0x55
    path.write_bytes(raw)


# --- Parquet ---


def _parquet(build: Callable[[Any], Any], **how: Any) -> Maker:
    def make(path: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(build(pyarrow), path, **how)

    return make


def _parquet_flipped(path: Path) -> None:
    """Pages that do not unpack any more."""
    make_fixture("Parquet", path.parent).rename(path)
    raw = bytearray(path.read_bytes())
    raw[40:4_000] = np.random.default_rng(1).bytes(3_960)
    path.write_bytes(raw)


# --- TDMS ---


def _tdms_claims(path: Path) -> None:
    """Metadata that claim more values than the file has bytes."""
    made = make_fixture("TDMS", path.parent)
    raw = bytearray(made.read_bytes())
    made.unlink()
    at = raw.index(b"'v0'") + 4 + 4  # index length
    n_values_at = at + 4 + 4
    raw[n_values_at : n_values_at + 8] = struct.pack("<Q", 1 << 40)
    path.write_bytes(raw)


def _tdms_objects(path: Path) -> None:
    """A segment that claims four thousand million objects."""
    metadata = struct.pack("<I", 0xFFFF_FFFE) + bytes(200)
    path.write_bytes(b"TDSm" + struct.pack("<IIQQ", 2, 4_713, len(metadata), len(metadata)) + metadata)


def _tdms_texts(path: Path) -> None:
    import nptdms

    with nptdms.TdmsWriter(path) as writer:
        writer.write_segment([nptdms.ChannelObject("rig", "notes", ["a", "b", "c"])])


# --- UFF ---


def _uff_spectrum(path: Path) -> None:
    _patched("UFF 58", (b"    1         0", b"    4         0"))(path)
    raw = path.read_bytes().replace(b"\n    1         0", b"\n    4         0")
    path.write_bytes(raw)


# --- text ---


def _csv_gap(path: Path) -> None:
    path.write_text("a,b\n" + "1.0,2.0\n" * 500 + "1.0,\n" + "1.0,2.0\n" * 500)


def _csv_wide(path: Path) -> None:
    path.write_text("\n".join(",".join(["1.0"] * 60_000) for _ in range(20)))


def _csv_nul(path: Path) -> None:
    path.write_bytes(b"a,b\n" + b"1.0,2.0\n" * 20 + bytes(2_000))


HOSTILE_BY_FORMAT: dict[str, dict[str, tuple[str, Maker]]] = {
    "matlab5": {
        kind: HOSTILE_FILES[kind]
        for kind in (
            *("false MATLAB shape", "compressed MATLAB zeros", "nested MATLAB cells", "truncated MATLAB"),
            *("noise behind a MATLAB header", "MATLAB without a vector", "wrong magic"),
        )
    },
    "matlab73": {
        "cell in itself": ("x.mat", _mat73(_mat73_loop)),
        "a thousand million cells": ("x.mat", _mat73(_mat73_wide)),
        "deep structs": ("x.mat", _mat73(_mat73_deep)),
        "false shape": ("x.mat", _mat73(_mat73_false_shape)),
        "bomb": ("x.mat", _mat73(_mat73_bomb)),
        "external link": ("x.mat", _mat73(_mat73_link)),
        "cut": ("x.mat", _cut("MATLAB 7.3")),
    },
    "canonical_hdf5": _hdf5_of("canonical HDF5", "signals/r0/acc"),
    "split_hdf5": _hdf5_of("split HDF5", "train/signals"),
    "flat_hdf5": _hdf5_of("flat HDF5", "signals"),
    "hdf5": _hdf5_of("any HDF5", "run 1/acc"),
    "csv": {
        "endless line": HOSTILE_FILES["endless line"],
        "gap": ("x.csv", _csv_gap),
        "sixty thousand columns": ("x.csv", _csv_wide),
        "NUL": ("x.csv", _csv_nul),
        "prose": ("x.csv", _text),
        "pickle": ("x.csv", HOSTILE_FILES["pickle"][1]),
    },
    "npy": {
        "objects": ("x.npy", _npy_objects),
        "terabytes": ("x.npy", _npy(_HEADER.format(1 << 40))),
        "negative shape": ("x.npy", _npy(_HEADER.format(-8))),
        "program": ("x.npy", _npy_code),
        "cut": ("x.npy", _cut("NPY")),
        "long header": ("x.npy", _npy("{" + "(" * 3_000)),
        "wrong magic": ("x.npy", _text),
    },
    "npz": {
        "bomb": ("x.npz", _npz_bomb),
        "objects": ("x.npz", _npz_objects),
        "pickle beside": ("x.npz", _npz_pickle),
        "terabytes": ("x.npz", _npz_false_shape),
        "flipped": ("x.npz", _npz_flipped),
        "cut": ("x.npz", _cut("NPZ")),
        "twice": ("x.npz", _archive(("a.npy", _npy_bytes(VALUES)), ("./a.npy/../a.npy", b""))),
    },
    "wav": {
        "terabytes": ("x.wav", _wav(1, 1, 0xFFFF_FFF0, 400)),
        "no data": ("x.wav", _wav_without_data),
        "lossy": ("x.wav", _patched("WAV", (b"fmt \x10\x00\x00\x00\x01", b"fmt \x10\x00\x00\x00\x07"))),
        "many channels": ("x.wav", _wav(30_000, 1, 60_000, 60_000)),
        "cut": ("x.wav", _cut("WAV")),
        "noise": ("x.wav", _noise(b"RIFF\x00\x10\x00\x00WAVE")),
        "wrong magic": ("x.wav", _text),
    },
    "flac": {
        "claims": ("x.flac", _flac_claims),
        "bomb": ("x.flac", _flac_silence),
        "flipped": ("x.flac", _flac_flipped),
        "cut": ("x.flac", _cut("FLAC")),
        "noise": ("x.flac", _noise(b"fLaC")),
        "wrong magic": ("x.flac", _text),
    },
    "parquet": {
        "cut": ("x.parquet", _cut("Parquet")),
        "noise": ("x.parquet", _noise(b"PAR1")),
        "bomb": (
            "x.parquet",
            _parquet(lambda arrow: arrow.table({"acc": np.zeros(1 << 22, "f4")}), compression="zstd"),
        ),
        "gaps": ("x.parquet", _parquet(lambda arrow: arrow.table({"acc": [1.0, None, 2.0] * 100}))),
        "texts": ("x.parquet", _parquet(lambda arrow: arrow.table({"acc": ["a", "b"] * 100}))),
        "flipped": ("x.parquet", _parquet_flipped),
        "wrong magic": ("x.parquet", _text),
    },
    "tdms": {
        "cut": ("x.tdms", _cut("TDMS")),
        "claims": ("x.tdms", _tdms_claims),
        "objects": ("x.tdms", _tdms_objects),
        "texts": ("x.tdms", _tdms_texts),
        "noise": ("x.tdms", _noise(b"TDSm")),
        "wrong magic": ("x.tdms", _text),
    },
    "uff58": {
        "cut": ("x.uff", _cut("UFF 58")),
        "binary cut": ("x.uff", _cut("UFF 58b")),
        "claims": ("x.uff", _patched("UFF 58", (_POINTS, _MANY_POINTS))),
        "binary claims": ("x.uff", _patched("UFF 58b", (_POINTS, _MANY_POINTS))),
        "fewer than claimed": (
            "x.uff",
            _patched("UFF 58", (_POINTS, b"      2600         1")),
        ),
        "spectra only": ("x.uff", _uff_spectrum),
        "noise": ("x.uff", _noise(b"    -1\n    58\n")),
        "letters": ("x.uff", _patched("UFF 58", (_POINTS, b"      25x0         1"))),
    },
}

assert set(HOSTILE_BY_FORMAT) == {fixture.format for fixture in FIXTURES.values()}
