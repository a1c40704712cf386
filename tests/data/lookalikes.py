"""Makes small look-alikes of the CWRU and MFPT folders: the same files, variables, rates and tables.

The signals are simulated: an impulse train at the fault's order with slip, ringing in a resonance, modulated
by the load zone, on shaft lines and noise. They are for running the product, not for judging a classifier.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.io
import scipy.signal

LOOKALIKE_VERSION = 1

Signal = npt.NDArray[np.float64]

_COLUMNS = ("file", "variable", "channel", "sample_rate_hz", "shaft_speed_rpm", "load", "unit", "machine")
_HEADER = (*_COLUMNS, "measurement_point", "bearing", "fault_class", "severity", "group")
# Orders of the lines and of what modulates them: 6205 and MFPT's bearing.
_CWRU_ORDERS = {"inner_race": (5.4152, 1.0), "outer_race": (3.5848, 0.0), "ball": (4.7135, 0.39828)}
_MFPT_ORDERS = {"inner_race": (4.755, 1.0), "outer_race": (3.245, 0.0)}
_RESONANCES_HZ = {"inner_race": (2750.0, 3600.0), "outer_race": (3250.0, 2300.0), "ball": (3450.0, 2900.0)}
_CWRU_RPM = (1797, 1772, 1750)
_CWRU_CODES = (("B", "ball"), ("IR", "inner_race"), ("OR", "outer_race"))
_CWRU_NUMBERS = {"B": (118, 185, 222), "IR": (105, 169, 209), "OR": (130, 197, 234)}


@dataclass(frozen=True)
class Measurement:
    """What one simulated signal is of."""

    fault_class: str
    sample_rate_hz: int
    duration_s: float
    shaft_frequency_hz: float
    severity: float
    orders: dict[str, tuple[float, float]]
    offset: float = 0.0


def make_lookalikes(root: Path, cwru_s: float = 4.0, mfpt_s: float = 2.0) -> None:
    """Make ``cwru_12k_de`` (30 files, two channels) and ``mfpt`` (nine files) under `root`."""
    make_cwru(root / "cwru_12k_de", cwru_s)
    make_mfpt(root / "mfpt", mfpt_s)


def make_cwru(folder: Path, duration_s: float = 4.0) -> None:
    """Make 27 faults at 12 kHz and three healthy files at 48 kHz, each at loads 0, 1 and 2."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed, (name, number, fault_class, severity, load) in enumerate(_list_cwru()):
        rate = 48_000 if fault_class == "healthy" else 12_000
        rpm, size = _CWRU_RPM[load], float(severity or 0) / 7.0
        base = Measurement(fault_class, rate, duration_s, rpm / 60.0, size, _CWRU_ORDERS, 0.01)
        near = simulate(base, np.random.default_rng([1, seed]))
        far = simulate(
            Measurement(**{**base.__dict__, "severity": 0.25 * size}), np.random.default_rng([2, seed])
        )
        variables = {
            f"X{number:03d}_DE_time": near[:, np.newaxis],
            f"X{number:03d}_FE_time": far[:, np.newaxis],
            f"X{number:03d}RPM": np.array([[rpm]], np.uint16),
        }
        scipy.io.savemat(folder / name, variables, do_compression=True)
        rig = ("g", "CWRU 2 hp rig", "drive end", "6205-2RS")
        group = f"{fault_class}-{severity or 'none'}"
        rows.append((name, "*_DE_time", "DE", rate, rpm, load, *rig, fault_class, severity, group))
    _write_table(folder, rows)


def _list_cwru() -> Iterator[tuple[str, int, str, str, int]]:
    """Yield (file name, record number, class, severity, load) in the order of the real table."""
    for code, fault_class in _CWRU_CODES:
        for position, severity in enumerate(("007", "014", "021")):
            for load in range(3):
                place = "@6" if code == "OR" else ""
                number = _CWRU_NUMBERS[code][position] + load
                yield f"{code}{severity}{place}_{load}.mat", number, fault_class, severity, load
    for load in range(3):
        yield f"Normal_{load}{'_recovered' if load else ''}.mat", 97 + load, "healthy", "", load


def make_mfpt(folder: Path, duration_s: float = 2.0) -> None:
    """Make nine files with a struct ``bearing`` (gs, sr, rate, load) and the bearing's lines beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        *(
            (f"InnerRaceFault_vload_{n}.mat", "inner_race", 48_828, load)
            for n, load in ((1, 0), (3, 100), (5, 200))
        ),
        ("OuterRaceFault_1.mat", "outer_race", 97_656, 270),
        *(
            (f"OuterRaceFault_vload_{n}.mat", "outer_race", 48_828, load)
            for n, load in ((1, 25), (3, 100), (5, 200))
        ),
        *((f"baseline_{n}.mat", "healthy", 97_656, 270) for n in (1, 2)),
    ]
    rows = []
    for seed, (name, fault_class, rate, load) in enumerate(files):
        seconds = duration_s * (2 if rate > 50_000 else 1)
        wanted = Measurement(fault_class, rate, seconds, 25.0, 2.0, _MFPT_ORDERS)
        values = simulate(wanted, np.random.default_rng([3, seed]))
        bearing = {
            "sr": np.int32(rate),
            "gs": values[:, np.newaxis],
            "load": np.uint16(load),
            "rate": np.uint8(25),
        }
        lines = {"FTF": 14.8375, "BPFO": 81.125, "BPFI": 118.875, "BSF": 63.91}
        scipy.io.savemat(folder / name, {"bearing": bearing, **lines}, do_compression=True)
        rig = ("g", "MFPT rig", "bearing housing", "NICE 8x0.235/1.245")
        rows.append(
            (
                name,
                "bearing.gs",
                "gs",
                rate,
                1500,
                f"{load} lbs",
                *rig,
                fault_class,
                "",
                f"{fault_class}-none",
            )
        )
    _write_table(folder, rows)


def _write_table(folder: Path, rows: list[tuple[Any, ...]]) -> None:
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADER)
        writer.writerows(rows)


def simulate(wanted: Measurement, rng: np.random.Generator) -> Signal:
    """Simulate one signal in g, shape ``(n_samples,)``."""
    n_samples = int(wanted.duration_s * wanted.sample_rate_hz)
    time_s = np.arange(n_samples) / wanted.sample_rate_hz
    shaft = sum(
        amplitude * np.sin(2 * np.pi * k * wanted.shaft_frequency_hz * time_s + rng.uniform(0, 2 * np.pi))
        for k, amplitude in ((1, 0.03), (2, 0.02), (3, 0.01))
    )
    # white over the band of a 12 kHz record, whatever the rate: the rate must not give the class away
    noise = 0.05 * np.sqrt(wanted.sample_rate_hz / 12_000) * rng.standard_normal(n_samples)
    values = shaft + noise + wanted.offset
    if wanted.fault_class != "healthy":
        values += _ring(wanted, n_samples, rng)
    return np.asarray(values, np.float64)


def _ring(wanted: Measurement, n_samples: int, rng: np.random.Generator) -> Signal:
    """Let every impact of the fault ring in two resonances."""
    order, modulation = wanted.orders[wanted.fault_class]
    rate_hz = order * wanted.shaft_frequency_hz * (1 - rng.uniform(0.002, 0.012))
    gaps = rng.normal(1.0, 0.01, int(wanted.duration_s * rate_hz) + 2) / rate_hz
    impacts_s = np.cumsum(gaps) - gaps[0] * rng.uniform(0, 1)
    impacts_s = impacts_s[(impacts_s >= 0) & (impacts_s < n_samples / wanted.sample_rate_hz)]
    depth = 0.6 if modulation else 0.0
    turned = 2 * np.pi * modulation * wanted.shaft_frequency_hz * impacts_s
    sizes = (
        (0.25 + 0.2 * wanted.severity) * (1 + depth * np.cos(turned)) * rng.normal(1.0, 0.1, impacts_s.size)
    )
    train = np.zeros(n_samples)
    np.add.at(train, (impacts_s * wanted.sample_rate_hz).astype(int), sizes)
    tail_s = np.arange(int(0.012 * wanted.sample_rate_hz)) / wanted.sample_rate_hz
    first, second = _RESONANCES_HZ[wanted.fault_class]
    ringing = np.sin(2 * np.pi * first * tail_s) + 0.5 * np.sin(2 * np.pi * second * tail_s)
    return scipy.signal.fftconvolve(train, ringing * np.exp(-900.0 * tail_s))[:n_samples]


if __name__ == "__main__":
    make_lookalikes(Path(sys.argv[1] if len(sys.argv) > 1 else "recordings"))
