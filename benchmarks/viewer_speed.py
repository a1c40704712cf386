"""The signal viewer's server time on ten million samples and on a real recording, per view and zoom.

Usage: ``python -m benchmarks.viewer_speed [FOLDER]``, where FOLDER holds MFPT's ``baseline_1.mat`` and its
``metadata.csv``. Prints a table and writes ``benchmarks/results/viewer_speed.json``.

A server time is all that the product does for one answer: the callback with its service (database row,
samples from the file, computation), the figure, and its JSON. Both recordings are imported first, by the
product's own command. Views and zooms are interleaved in rounds; what counts is the median of the rounds.
The processor time beside it hardly depends on what else the machine does.
Beside them stand a plot of all samples without the product, which is what would have to be sent otherwise,
and the shortening of what is in view by tsdownsample's MinMaxLTTB, on which plotly-resampler is built, with
every sample in memory; the product's reads the file. What holds is judged by processor time.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dash
import flask
import h5py
import numpy as np
import plotly.graph_objects as go
from plotly.io.json import to_json_plotly

from benchmarks import find_recordings

RESULT = Path(__file__).parent / "results" / "viewer_speed.json"
REPOSITORY = Path(__file__).parents[1]
N_ROUNDS = 15
LONG_SAMPLES = 10_000_000
RATE_HZ = 50_000.0
SPIKE_AT = 7_654_321
SPIKE = 50.0
SPECTRAL_VIEWS = (
    "spectrum",
    "psd",
    "envelope",
    "spectrogram",
    "cepstrum",
    "orders",
    "autocorrelation",
    "cyclic",
)
# The signal beside itself: what two signals cost, without importing another one.
COMPARISONS = ("spectrum", "psd", "envelope_spectrum", "coherence")
GOALS_MS = {
    "waveform": 50.0,
    **dict.fromkeys((*SPECTRAL_VIEWS, "kurtogram", *(f"compare {what}" for what in COMPARISONS)), 300.0),
}
GOAL_RATIOS = {"first view, time": 50.0, "first view, bytes": 1000.0, "shortening the whole signal": 3.0}
# Shorter stretches hold too few turns of the shaft for the view, which then says so.
LEAST_S = {"orders": 0.5, "cyclic": 0.1}
# Shares of the signal that are in view: all of it, then ever less.
ZOOMS = {"whole": None, "half": (0.25, 0.75), "a tenth": (0.4, 0.5), "a thousandth": (0.3, 0.301)}

Answer = Callable[[], Any]


def write_long_file(path: Path) -> None:
    """Write ten million samples of noise with a spike of one sample."""
    samples = np.random.default_rng(1).standard_normal(LONG_SAMPLES).astype(np.float32)
    samples[SPIKE_AT] = SPIKE
    with h5py.File(path, "w") as file:
        file.attrs["schema_version"] = 1
        signal = file.create_dataset("signals/long/A", data=samples)
        signal.attrs.update({"sample_rate_hz": RATE_HZ, "unit": "g", "shaft_speed_rpm": 1500.0})


def run_command(*words: object) -> None:
    """Run a command of the product over this process's DATA_DIR."""
    command = [sys.executable, "-m", "dashboard", *map(str, words)]
    subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def list_answers(signal_id: int, duration_s: float) -> dict[tuple[str, str], Answer]:
    """Return what works out each view at each zoom, as the viewer's callbacks do."""
    from callbacks import signal_viewer as viewer
    from callbacks import signal_viewer_lines, signal_viewer_tools, signal_viewer_views
    from layouts.components.signal_options import OPTIONS

    asked, kinds = str(signal_id), list(viewer.figures.LINE_KINDS)
    usual = {name: option.read("") for name, option in OPTIONS.items()}
    zooms = dict.fromkeys(("hz", "envelope_hz", "order", "delay", "full_hz"))
    lines = signal_viewer_lines.show_lines(
        asked, True, kinds, 3, 2.0, None, False, None, None, "hz", None, None, None
    )[1]
    common = {**usual, **zooms, "signal": asked, "lines": lines, "theme": "light", "other": None}
    answers: dict[tuple[str, str], Answer] = {}
    for zoom, shares in ZOOMS.items():
        stretch = [share * duration_s for share in shares] if shares else None
        answers["waveform", zoom] = partial(viewer.show_waveform, asked, stretch, "measured", "light")
        shown_s = duration_s if stretch is None else stretch[1] - stretch[0]
        for view in (view for view in SPECTRAL_VIEWS if shown_s >= LEAST_S.get(view, 0.0)):
            answers[view, zoom] = partial(
                signal_viewer_views.show_view, **{**common, "tab": view, "stretch": stretch}
            )
        for what in COMPARISONS:
            both = {"tab": "compare", "other": asked, "with": what, "stretch": stretch}
            answers[f"compare {what}", zoom] = partial(signal_viewer_views.show_view, **{**common, **both})
        answers["kurtogram", zoom] = partial(
            signal_viewer_tools.show_kurtogram, True, "envelope", asked, stretch, "hz", "light"
        )
    return answers


@dataclass(frozen=True, slots=True)
class Once:
    """One answer: elapsed and processor time in ms, size in bytes, figure."""

    elapsed_ms: float
    cpu_ms: float
    n_bytes: int
    figure: go.Figure


def answer_once(answer: Answer) -> Once:
    """Work out one answer as far as its JSON."""
    began_s, cpu_s = time.perf_counter(), time.process_time()
    outputs = answer()
    body = to_json_plotly(outputs)
    elapsed_ms, cpu_ms = (time.perf_counter() - began_s) * 1000, (time.process_time() - cpu_s) * 1000
    assert outputs[0] is None, "the answer is an error"
    return Once(elapsed_ms, cpu_ms, len(body), outputs[1])


def measure(recording: str, signal: dict[str, Any]) -> list[dict[str, Any]]:
    """Time every view at every zoom in interleaved rounds."""
    answers = list_answers(signal["signal_id"], signal["duration_s"])
    first = {key: answer_once(answer) for key, answer in answers.items()}
    times: dict[tuple[str, str], list[Once]] = {key: [] for key in answers}
    for _ in range(N_ROUNDS):
        for key, answer in answers.items():
            times[key].append(answer_once(answer))
    return [
        {
            "recording": recording,
            "n_samples": signal["n_samples"],
            "view": view,
            "zoom": zoom,
            "first_ms": round(first[view, zoom].elapsed_ms, 1),
            "median_ms": round(statistics.median(each.elapsed_ms for each in taken), 1),
            "range_ms": [round(pick(each.elapsed_ms for each in taken), 1) for pick in (min, max)],
            "cpu_ms": round(statistics.median(each.cpu_ms for each in taken), 1),
            "answer_kb": round(first[view, zoom].n_bytes / 1000),
        }
        for (view, zoom), taken in times.items()
    ]


def measure_plain_plot() -> dict[str, Any]:
    """Time what sending every sample would take: the figure of all of them and its JSON, samples at hand."""
    samples = np.random.default_rng(1).standard_normal(LONG_SAMPLES).astype(np.float32)
    times = []
    size = 0
    for _ in range(5):
        began_s = time.perf_counter()
        figure = go.Figure(go.Scatter(x=np.arange(LONG_SAMPLES) / RATE_HZ, y=samples))
        size = len(to_json_plotly(figure))
        times.append((time.perf_counter() - began_s) * 1000)
    return {
        "contestant": "plotly with every sample",
        "median_ms": round(statistics.median(times), 1),
        "range_ms": [round(min(times), 1), round(max(times), 1)],
        "answer_kb": round(size / 1000),
    }


def measure_shortening(signal_id: int) -> dict[str, dict[str, Any]]:
    """Time how long it takes to choose what of each zoom is drawn: the product's way and tsdownsample's."""
    from tsdownsample import MinMaxLTTBDownsampler

    from core.signal.decimation import decimate_view
    from services.shared.signal_store import open_signal_view
    from services.signals.stretches import MAX_POINTS, load_signal_row

    view = open_signal_view(load_signal_row(signal_id))
    samples, other = view.read(0, LONG_SAMPLES), MinMaxLTTBDownsampler()
    found = {}
    for zoom, shares in ZOOMS.items():
        start, stop = (round(share * LONG_SAMPLES) for share in shares or (0.0, 1.0))
        ways: dict[str, Callable[[], Any]] = {
            "product": partial(
                decimate_view,
                view.read,
                view.pyramid,
                view.factor,
                start,
                stop,
                min(MAX_POINTS, stop - start),
            ),
            "tsdownsample": partial(
                other.downsample, samples[start:stop], n_out=min(MAX_POINTS, stop - start)
            ),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(N_ROUNDS):
            for name, way in ways.items():
                began_s = time.process_time()
                way()
                times[name].append((time.process_time() - began_s) * 1000)
        medians = {name: round(statistics.median(taken), 3) for name, taken in times.items()}
        found[zoom] = {**medians, "ratio": round(medians["tsdownsample"] / max(medians["product"], 1e-3), 1)}
    return found


def check_spike(signal: dict[str, Any]) -> None:
    """The spike of one sample is in the plot of the whole signal."""
    answer = list_answers(signal["signal_id"], signal["duration_s"])["waveform", "whole"]
    figure = answer_once(answer).figure
    assert max(figure.data[0].y) == SPIKE


def measure_all() -> dict[str, Any]:
    """Measure both recordings as the callbacks are called: inside the app, by somebody signed in."""
    from services.data_service import DataService
    from services.shared.actors import SYSTEM

    app = dash.Dash("benchmark")
    with app.server.test_request_context():
        flask.g.actor = SYSTEM
        rows = []
        for number, recording in ((1, "generated"), (2, "MFPT baseline_1")):
            (signal,) = DataService.load_signals(number)
            if recording == "generated":
                check_spike(signal)
                shortening = measure_shortening(signal["signal_id"])
            rows += measure(recording, signal)
    return {"runs": rows, "plain": measure_plain_plot(), "shortening": shortening}


def judge(found: dict[str, Any]) -> dict[str, Any]:
    """Return the ratios to the other ways, and whether every goal is met."""
    runs, plain = found["runs"], found["plain"]
    first = next(row for row in runs if (row["view"], row["zoom"]) == ("waveform", "whole"))
    ratio = {
        "first view, time": round(plain["median_ms"] / first["median_ms"], 1),
        "first view, bytes": round(plain["answer_kb"] / first["answer_kb"]),
        "shortening the whole signal": found["shortening"]["whole"]["ratio"],
    }
    missed = [row for row in runs if row["cpu_ms"] > GOALS_MS[row["view"]]]
    holds = not missed and all(ratio[name] >= least for name, least in GOAL_RATIOS.items())
    return {"ratio": ratio, "missed": [f"{row['view']}, {row['zoom']}" for row in missed], "holds": holds}


def write_result(found: dict[str, Any], load: Sequence[float]) -> bool:
    """Keep the numbers, print them as a table, and tell whether the goals are met."""
    plain, judged = found["plain"], judge(found)
    document = {
        "row": "viewer_speed",
        "goal": "waveform <= 50 ms, spectral views <= 300 ms; first view 50x time, 1000x bytes; zoom 3x",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "load_before_and_after": [round(value, 2) for value in load],
        "date": datetime.now(UTC).date().isoformat(),
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.viewer_speed",
        "rounds": N_ROUNDS,
        "contestants": {"product": found["runs"], "plotly": plain, "tsdownsample": found["shortening"]},
        **judged,
    }
    RESULT.write_text(json.dumps(document, indent=1) + "\n")
    print("| recording | view | in view | median ms | range ms | CPU ms | answer kB |")
    print("|---|---|---|---|---|---|---|")
    for row in found["runs"]:
        low, high = row["range_ms"]
        print(
            f"| {row['recording']} | {row['view']} | {row['zoom']} | {row['median_ms']:.1f} "
            f"| {low:.1f} – {high:.1f} | {row['cpu_ms']:.1f} | {row['answer_kb']:,} |"
        )
    low, high = plain["range_ms"]
    print(
        f"| generated | {plain['contestant']} | whole | {plain['median_ms']:.0f} "
        f"| {low:.0f} – {high:.0f} | | {plain['answer_kb']:,} |"
    )
    for zoom, row in found["shortening"].items():
        print(f"shortening, {zoom}: {row['product']} ms, tsdownsample {row['tsdownsample']} ms")
    print(f"{judged['ratio']}; beyond the goal: {judged['missed'] or 'nothing'}")
    return bool(judged["holds"])


def main(argv: Sequence[str]) -> int:
    """Import both recordings into an empty product and measure; 1 where a goal is missed."""
    folder = Path(argv[0]) if argv else find_recordings("mfpt")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"DATA_DIR": home, "PFD_ENV_FILE": "", "OMP_NUM_THREADS": "1"}
        path = Path(home) / "long.h5"
        write_long_file(path)
        run_command("migrate")
        run_command("import", path, "--name", "Long")
        table = folder / "metadata.csv"
        run_command("import", folder / "baseline_1.mat", "--name", "MFPT", "--metadata", table)
        before = os.getloadavg()[0]
        return 0 if write_result(measure_all(), (before, os.getloadavg()[0])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
