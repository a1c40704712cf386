"""Makes broken and hostile files for the tests of the readers."""

from __future__ import annotations

import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import scipy.io

_MAT_HEADER = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + b"\x00\x01IM"


def _mat_element(kind: int, payload: bytes) -> bytes:
    return struct.pack("<II", kind, len(payload)) + payload + bytes(-len(payload) % 8)


def _mat_matrix(name: bytes, dims: tuple[int, ...], n_stored: int) -> bytes:
    """Build a double array whose shape may be a lie."""
    body = _mat_element(6, struct.pack("<II", 6, 0)) + _mat_element(5, struct.pack(f"<{len(dims)}i", *dims))
    body += _mat_element(1, name) + _mat_element(9, bytes(8 * n_stored))
    return _mat_element(14, body)


def _h5_false_shape(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("signals", shape=(1_000, 1 << 31), chunks=(1, 4_096), dtype="f4")


def _h5_false_canonical_shape(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("signals/run/acc", shape=(1 << 42,), chunks=(1 << 16,), dtype="f4")


def _h5_compressed(path: Path) -> None:
    with h5py.File(path, "w") as file:
        zeros = file.create_dataset(
            "signals/run/acc", shape=(1 << 25,), chunks=(1 << 20,), dtype="f4", compression="gzip"
        )
        for start in range(0, 1 << 25, 1 << 20):
            zeros[start : start + (1 << 20)] = 0


def _h5_external_storage(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("signals/run/acc", (64,), "f4", external=[("/etc/passwd", 0, 256)])


def _h5_external_link(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_group("signals/run")["acc"] = h5py.ExternalLink("/etc/hostname", "/")


def _h5_soft_loop(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_group("signals")["run"] = h5py.SoftLink("/signals")


def _h5_hard_loop(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("signals")
        group["run"] = group


def _h5_virtual(path: Path) -> None:
    layout = h5py.VirtualLayout((64,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "acc", (64,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("signals/run/acc", layout)


def _h5_objects(path: Path) -> None:
    with h5py.File(path, "w") as file:
        rows = file.create_dataset("signals/run/acc", (4,), h5py.vlen_dtype(np.dtype("f4")))
        rows[0] = np.ones(3, "f4")


def _h5_references(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("signals/run/acc", (4,), h5py.ref_dtype)


def _h5_deep(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_group("signals/" + "/".join("a" * 200))


def _h5_truncated(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("signals/run/acc", data=np.arange(100_000, dtype="f4"))
    path.write_bytes(path.read_bytes()[:200_000])


def _h5_noise(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, 20_000, np.uint8).tobytes()
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + noise)


def _mat_false_shape(path: Path) -> None:
    path.write_bytes(_MAT_HEADER + _mat_matrix(b"acc", (2_000_000_000, 1_000), 16))


def _mat_compressed(path: Path) -> None:
    packer, inner = zlib.compressobj(9), _mat_matrix(b"acc", (1 << 23, 1), 1 << 23)
    packed = packer.compress(inner) + packer.flush()
    path.write_bytes(_MAT_HEADER + struct.pack("<II", 15, len(packed)) + packed)


def _mat_nested(path: Path) -> None:
    """Nest cells far deeper than any measurement does."""
    body = _mat_matrix(b"", (1, 1), 1)
    for _ in range(2_000):
        head = _mat_element(6, struct.pack("<II", 1, 0)) + _mat_element(5, struct.pack("<2i", 1, 1))
        body = _mat_element(14, head + _mat_element(1, b"") + body)
    path.write_bytes(_MAT_HEADER + body)


def _mat_truncated(path: Path) -> None:
    scipy.io.savemat(path, {"acc": np.random.default_rng(0).standard_normal(50_000)}, do_compression=True)
    path.write_bytes(path.read_bytes()[:-1_000])


def _mat_noise(path: Path) -> None:
    path.write_bytes(_MAT_HEADER + np.random.default_rng(0).integers(0, 256, 50_000, np.uint8).tobytes())


def _mat_no_vector(path: Path) -> None:
    scipy.io.savemat(path, {"rate": 25.0, "note": "nothing measured"})


def _npy_objects(path: Path) -> None:
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)


class _Marker:
    """Unpickling this makes a file appear: the proof that somebody did it."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.target, "w")


def _pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(_Marker(str(path) + ".unpickled")))


def _torch_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Marker(str(path) + ".unpickled")))


def _csv_one_line(path: Path) -> None:
    path.write_bytes(b"1.5," * 8_000_000)


def _text_for_mat(path: Path) -> None:
    path.write_text("this is no MATLAB file\n" * 20)


HOSTILE_FILES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "external storage": ("x.h5", _h5_external_storage),
    "external link": ("x.h5", _h5_external_link),
    "looping soft link": ("x.h5", _h5_soft_loop),
    "looping hard link": ("x.h5", _h5_hard_loop),
    "virtual dataset": ("x.h5", _h5_virtual),
    "object type": ("x.h5", _h5_objects),
    "reference type": ("x.h5", _h5_references),
    "deep groups": ("x.h5", _h5_deep),
    "false shape": ("x.h5", _h5_false_shape),
    "false canonical shape": ("x.h5", _h5_false_canonical_shape),
    "1000 times compression": ("x.h5", _h5_compressed),
    "truncated HDF5": ("x.h5", _h5_truncated),
    "noise behind an HDF5 magic": ("x.h5", _h5_noise),
    "false MATLAB shape": ("x.mat", _mat_false_shape),
    "compressed MATLAB zeros": ("x.mat", _mat_compressed),
    "nested MATLAB cells": ("x.mat", _mat_nested),
    "truncated MATLAB": ("x.mat", _mat_truncated),
    "noise behind a MATLAB header": ("x.mat", _mat_noise),
    "MATLAB without a vector": ("x.mat", _mat_no_vector),
    "wrong magic": ("x.mat", _text_for_mat),
    "NumPy objects": ("x.npy", _npy_objects),
    "pickle": ("x.joblib", _pickle),
    "PyTorch archive": ("x.pt", _torch_archive),
    "endless line": ("x.csv", _csv_one_line),
}


def make_hostile(kind: str, folder: Path) -> Path:
    """Make one of `HOSTILE_FILES` and return its path."""
    name, make = HOSTILE_FILES[kind]
    path = folder / name
    make(path)
    return path
