"""Journal bearings: how right each model is on generated records: clean, disturbed, few to learn from.

Usage: ``python -m benchmarks.accuracy_journal [--parts full,few,...] [--seeds 0,1,2] [--networks ...]``.
Prints a line per run and writes ``benchmarks/results/accuracy_journal.json``; a run that is measured again
replaces the same part's run of that network, seed and number of records there. Everything is trained and
judged as the product does it (`train_classifier`, `calibrate`, `evaluate_classifier`), in one process on one
thread.

Train and test come from one formula: none of this is evidence about a real machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.journal_goals import check_goals, is_reached
from benchmarks.journal_material import (
    N_SAMPLES,
    RATE_HZ,
    BudgetHooks,
    Record,
    disturb,
    keep_per_class,
    make_records,
    read_split_file,
    split_records,
    write_split_file,
)
from core.networks.registry import build_network, get_network_spec, validate_options
from core.training.classifier import Classifier
from core.training.evaluate import Evaluation, calibrate, evaluate_classifier
from core.training.hooks import SilentHooks
from core.training.run import train_classifier
from utils.constants import FAULT_CLASSES

RESULT = Path(__file__).parent / "results" / "accuracy_journal.json"
SPECTRAL = ("extra_trees", "spectral_net")
CONDITIONS = (
    ("clean", 0.0), ("white", 20.0), ("white", 10.0), ("white", 5.0), ("white", -5.0), ("white", -10.0),
    ("pink", 5.0), ("tone", 5.0), ("low_tone", 5.0),
)  # fmt: skip
QUICK_CONDITIONS = (("clean", 0.0), ("white", 5.0))
# What the number of epochs is chosen by, on the validation part: clean validation has no errors to choose by.
CHOICE_CONDITIONS = (("white", -5.0), ("white", -10.0), ("pink", 5.0))
MORE_EPOCHS = 28
GAINS = (0.25, 0.5, 2.0, 4.0)
# Options that a row changes; everything else stays at its default.
ONE_SECOND = {"window_s": 1.0, "hop_s": 1.0}
# Raw waveforms: windows of 1 s, so many epochs as fit the budget of processor seconds, no augmentation.
RAW = {
    "cnn_lstm": ({**ONE_SECOND, "path_variation": 0.0, "epochs": 6}, 450.0),
    "resnet1d": ({**ONE_SECOND, "path_variation": 0.0, "epochs": 3}, 220.0),
    "lstm": ({**ONE_SECOND, "path_variation": 0.0, "epochs": 1}, 200.0),
}
# About twenty times the processor time of the trees on clean records; the budget is a safeguard.
LONG_RAW = ({**ONE_SECOND, "path_variation": 0.0, "epochs": 12}, 780.0)
# A few records are shown more often; trees that choose from fewer numbers differ more, and agree on what none
# of the few records shows by itself.
FEW = {
    "extra_trees": {
        "tenth": {"augmented_copies": 10, "feature_share": 0.3},
        "two": {"augmented_copies": 40, "feature_share": 0.3},
    },
    "spectral_net": {"tenth": {"epochs": 60, "patience": 60}, "two": {"epochs": 250, "patience": 250}},
}
N_ROUNDS = 200
Parts = dict[str, list[Record]]


def train(
    network: str, options: Mapping[str, Any], parts: Parts, seed: int, folder: Path, budget_s: float = np.inf
) -> tuple[Classifier, dict[str, Any]]:
    """Train and calibrate a classifier; returns it with what it cost."""
    hooks = BudgetHooks(budget_s) if budget_s < np.inf else SilentHooks()
    began_s = time.process_time()
    with tempfile.TemporaryDirectory(dir=folder) as run_folder:
        outcome = train_classifier(
            network,
            options,
            [record.signal for record in parts["train"]],
            [record.signal for record in parts["validation"]],
            list(FAULT_CLASSES),
            seed=seed,
            run_folder=Path(run_folder),
            hooks=hooks,
        )
        cpu_s = time.process_time() - began_s
        assert outcome.classifier_folder is not None
        classifier = Classifier.load(outcome.classifier_folder)
    validation = [record.signal for record in parts["validation"]]
    judged = evaluate_classifier(classifier, validation, FAULT_CLASSES) if validation else None
    classifier, _ = calibrate(classifier, judged)
    calibration = classifier.calibration
    facts = {
        "network": network,
        "options": dict(options),
        "seed": seed,
        "n_train": len(parts["train"]),
        "n_validation": len(validation),
        "epochs_run": outcome.epochs_run,
        "status": outcome.status,
        # Everything from the files to the classifier: reading, resampling, features, training, validation.
        "train_cpu_s": round(cpu_s, 1),
        "calibration": calibration.recording.sentence if calibration else None,
    }
    return classifier, facts


def judge(classifier: Classifier, records: Sequence[Record], kind: str, level: float) -> Evaluation:
    """Judge the records under one disturbance."""
    return evaluate_classifier(classifier, disturb(records, kind, level), FAULT_CLASSES)


def summarise(kind: str, level: float, evaluation: Evaluation) -> dict[str, Any]:
    """Return a row of the result file; accuracies at recording level unless they say otherwise."""
    recordings, windows = evaluation.metrics["recording_level"], evaluation.metrics["window_level"]
    return {
        "kind": kind,
        "level": level,
        "n": recordings["n"],
        "n_wrong": recordings["n"] - round(recordings["accuracy"] * recordings["n"]),
        "recording_level_accuracy": round(recordings["accuracy"], 5),
        "window_level_accuracy": round(windows["accuracy"], 5),
        "ece": None if recordings["ece"] is None else round(recordings["ece"], 5),
        "ece_uncalibrated": round(recordings["ece_uncalibrated"], 5),
        "log_loss": round(compute_log_loss(evaluation), 5),
        "wrong": sorted(
            f"{FAULT_CLASSES[row.target]} as {FAULT_CLASSES[row.predicted]}"
            for row in evaluation.rows
            if row.predicted != row.target
        ),
    }


def compute_log_loss(evaluation: Evaluation) -> float:
    """Mean of −ln of the probability that a record's own class was given."""
    given = np.asarray([row.probabilities[row.target] for row in evaluation.rows])
    return float(-np.log(given.clip(min=1e-12)).mean())


def judge_all(
    classifier: Classifier, records: Sequence[Record], conditions: Sequence[tuple[str, float]]
) -> list[dict[str, Any]]:
    """Judge the records under several disturbances."""
    return [summarise(kind, level, judge(classifier, records, kind, level)) for kind, level in conditions]


def count_gain_changes(classifier: Classifier, records: Sequence[Record]) -> dict[str, int]:
    """How many decisions another sensor gain changes, for each gain."""
    plain = [row.predicted for row in judge(classifier, records, "clean", 0.0).rows]
    return {
        f"x{gain:g}": sum(
            row.predicted != before
            for row, before in zip(judge(classifier, records, "gain", gain).rows, plain, strict=True)
        )
        for gain in GAINS
    }


class Bench:
    """The parts of the measurement; each returns its runs."""

    def __init__(
        self, records: Sequence[Record], seeds: Sequence[int], networks: Sequence[str], folder: Path
    ) -> None:
        self._records, self._seeds, self._networks, self._folder = records, seeds, networks, folder
        self.extra: dict[str, Any] = {}

    def run_full(self) -> Iterator[dict[str, Any]]:
        """All the training records, every disturbance, gains; the last network is timed in a runtime."""
        for network in self._networks:
            for seed in self._seeds:
                parts = split_records(self._records, seed)
                classifier, facts = train(network, {}, parts, seed, self._folder)
                if seed == self._seeds[0]:
                    self.extra[f"inference_{network}"] = time_inference(classifier, parts["test"][0])
                chosen_by = judge_all(classifier, parts["validation"], CHOICE_CONDITIONS)
                rows = judge_all(classifier, parts["test"], CONDITIONS)
                run = {**facts, "validation_rows": chosen_by, "rows": rows}
                if seed == self._seeds[0]:
                    run["decisions_changed_by_gain"] = count_gain_changes(classifier, parts["test"])
                yield run

    def run_more(self) -> Iterator[dict[str, Any]]:
        """The network with more epochs, on validation records in noise only; compare `full` there."""
        for seed in self._seeds:
            parts = split_records(self._records, seed)
            options = {"epochs": MORE_EPOCHS}
            classifier, facts = train("spectral_net", options, parts, seed, self._folder)
            rows = judge_all(classifier, parts["validation"], CHOICE_CONDITIONS)
            yield {**facts, "validation_rows": rows, "rows": []}

    def run_plain(self) -> Iterator[dict[str, Any]]:
        """Trees without augmented copies, trained on clean records only, as the raw networks are."""
        parts = split_records(self._records, self._seeds[0])
        classifier, facts = train("extra_trees", {"augmented_copies": 0}, parts, self._seeds[0], self._folder)
        yield {**facts, "rows": judge_all(classifier, parts["test"], CONDITIONS[:4])}

    def run_few(self) -> Iterator[dict[str, Any]]:
        """A tenth of the training records, and two of each class; nothing is kept for validation then."""
        for network in self._networks:
            for seed in self._seeds:
                parts = split_records(self._records, seed)
                n_tenth = round(0.1 * len(parts["train"]) / len(FAULT_CLASSES))
                for name, n_kept in (("tenth", n_tenth), ("two", 2)):
                    kept: Parts = {"train": keep_per_class(parts["train"], n_kept, seed), "validation": []}
                    options = FEW[network][name]
                    classifier, facts = train(network, options, kept, seed, self._folder)
                    rows = judge_all(classifier, parts["test"], QUICK_CONDITIONS)
                    yield {**facts, "records_per_class": n_kept, "rows": rows}

    def run_incipient(self) -> Iterator[dict[str, Any]]:
        """No incipient record trains or validates; all of them test, with the test part's healthy ones."""
        for network in self._networks:
            seed = self._seeds[0]
            parts = split_records(self._records, seed)
            seen = {
                part: [record for record in parts[part] if record.severity != "incipient"]
                for part in ("train", "validation")
            }
            tested = [record for record in self._records if record.severity == "incipient"]
            tested += [record for record in parts["test"] if record.severity == "healthy"]
            classifier, facts = train(network, {}, seen, seed, self._folder)
            yield {**facts, "rows": judge_all(classifier, tested, QUICK_CONDITIONS)}

    def run_second(self) -> Iterator[dict[str, Any]]:
        """Windows of 1 s: a third of the cavitation windows hold no burst, so there is a ceiling."""
        for network in self._networks:
            parts = split_records(self._records, self._seeds[0])
            # Five windows a record: fewer rounds over them see as much.
            options = {
                **ONE_SECOND,
                **({"epochs": 4} if network == "spectral_net" else {"augmented_copies": 1}),
            }
            classifier, facts = train(network, options, parts, self._seeds[0], self._folder)
            yield {**facts, "rows": judge_all(classifier, parts["test"], QUICK_CONDITIONS)}

    def run_file(self) -> Iterator[dict[str, Any]]:
        """The first seed's split written in the public layout, read back through the product's reader."""
        path = self._folder / "split.h5"
        write_split_file(path, split_records(self._records, self._seeds[0]))
        parts = read_split_file(path)
        for network in self._networks:
            classifier, facts = train(network, {}, parts, self._seeds[0], self._folder)
            yield {**facts, "rows": judge_all(classifier, parts["test"], QUICK_CONDITIONS)}
        path.unlink()

    def run_raw(self) -> Iterator[dict[str, Any]]:
        """Networks on raw waveforms, one seed, stopped at a budget; and what larger ones cost per step."""
        self.extra["cnn_lstm_steps"] = [time_step(*size) for size in ((32, 64), (64, 128))]
        for network, (options, budget_s) in RAW.items():
            parts = split_records(self._records, self._seeds[0])
            classifier, facts = train(network, options, parts, self._seeds[0], self._folder, budget_s)
            rows = judge_all(classifier, parts["test"], CONDITIONS[:4])
            yield {**facts, "budget_cpu_s": budget_s, "rows": rows}

    def run_ratio(self) -> Iterator[dict[str, Any]]:
        """The trees on clean records, then a raw CNN-LSTM with about twenty times their processor time."""
        seed = self._seeds[0]
        parts = split_records(self._records, seed)
        spent = []
        for network, (options, budget_s) in (
            ("extra_trees", ({"augmented_copies": 0}, np.inf)),
            ("cnn_lstm", LONG_RAW),
        ):
            classifier, facts = train(network, options, parts, seed, self._folder, budget_s)
            spent.append(facts["train_cpu_s"])
            if len(spent) > 1:
                self.extra["cnn_lstm_cpu_s_over_trees"] = round(spent[1] / spent[0], 1)
            yield {**facts, "rows": judge_all(classifier, parts["test"], CONDITIONS[:4])}


def time_inference(classifier: Classifier, record: Record) -> dict[str, Any]:
    """Time one record of 5 s: the whole way through the classifier, and the network alone in ONNX Runtime."""
    signal = np.asarray(record.signal.load())
    preprocessing = classifier.preprocessing
    windows = preprocessing.cut(preprocessing.resample(signal, RATE_HZ))
    found: dict[str, Any] = {
        "classifier_ms": _time(lambda: classifier.predict(signal, RATE_HZ), 30),
        "resampling_ms": _time(lambda: preprocessing.resample(signal, RATE_HZ), 30),
    }
    if get_network_spec(classifier.network).family == "network":
        found |= _time_runtime(classifier, windows)
    return found


def _time_runtime(classifier: Classifier, windows: np.ndarray) -> dict[str, Any]:
    import onnxruntime

    from core.networks.onnx_export import export_onnx
    from core.training.network_model import arrays_to_tensors
    from core.training.preprocessing import standardise

    network = build_network(
        classifier.network,
        dict(classifier.options),
        n_samples=classifier.preprocessing.window_samples,
        n_classes=len(classifier.class_names),
        sample_rate_hz=classifier.preprocessing.analysis_rate_hz,
    )
    network.load_state_dict(arrays_to_tensors(dict(classifier.model.to_arrays())))
    exported = export_onnx(network, n_samples=classifier.preprocessing.window_samples)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    given = {"windows": standardise(windows)}
    (logits,) = session.run(None, given)
    with torch.inference_mode():
        gap = float(np.abs(network.eval()(torch.from_numpy(given["windows"])).numpy() - logits).max())
        eager_ms = _time(lambda: network(torch.from_numpy(given["windows"])), N_ROUNDS)
    return {
        "onnx_runtime_ms": _time(lambda: session.run(None, given), N_ROUNDS),
        "torch_ms": eager_ms,
        "onnx_bytes": len(exported),
        "largest_logit_gap": gap,
        "n_weights": sum(parameter.numel() for parameter in network.parameters()),
    }


def _time(call: Callable[[], object], n_rounds: int) -> dict[str, float]:
    call()
    spent = []
    for _ in range(n_rounds):
        began_s = time.perf_counter()
        call()
        spent.append(1e3 * (time.perf_counter() - began_s))
    return {"median": round(statistics.median(spent), 3), "lowest": round(min(spent), 3)}


def time_step(n_filters: int, hidden_size: int) -> dict[str, Any]:
    """Processor seconds of one training step of 32 whole records through a raw CNN-LSTM."""
    options = validate_options("cnn_lstm", {"n_filters": n_filters, "hidden_size": hidden_size})
    network = build_network(
        "cnn_lstm", options, n_samples=N_SAMPLES, n_classes=len(FAULT_CLASSES), sample_rate_hz=RATE_HZ
    )
    windows = torch.randn(32, N_SAMPLES)
    spent = []
    for _ in range(3):
        began_s = time.process_time()
        network(windows).logsumexp(dim=1).mean().backward()
        spent.append(time.process_time() - began_s)
    weights = sum(parameter.numel() for parameter in network.parameters())
    return {"n_weights": weights, "cpu_s_per_step_of_32": round(statistics.median(spent), 2)}


def _say(run: Mapping[str, Any]) -> None:
    wrong = ", ".join(
        f"{part} {row['kind']} {row['level']:g}: {row['n_wrong']}/{row['n']} ({row['log_loss']:.4f})"
        for part, name in (("validation", "validation_rows"), ("test", "rows"))
        for row in run.get(name, ())
    )
    print(
        f"{run['network']} seed {run['seed']} n={run['n_train']}: {wrong}; {run['train_cpu_s']} s", flush=True
    )


def put_run(runs: Sequence[Mapping[str, Any]], run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Put a run in the place of the same one measured before, or at the end."""

    def name(one: Mapping[str, Any]) -> tuple[object, ...]:
        return one["network"], one["seed"], one.get("records_per_class")

    places = [place for place, before in enumerate(runs) if name(before) == name(run)]
    return [*runs[: places[0]], run, *runs[places[0] + 1 :]] if places else [*runs, run]


def _write(document: dict[str, Any]) -> None:
    RESULT.write_text(json.dumps(document, indent=1) + "\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the parts asked for and put them into the result file."""
    names = [name.removeprefix("run_") for name in vars(Bench) if name.startswith("run_")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--parts", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument(
        "--networks", default=",".join(SPECTRAL), help="for every part but more, plain, raw, ratio"
    )
    parser.add_argument("--n-per-class", type=int, default=320)
    parser.add_argument("--no-result", action="store_true", help="print only")
    asked = parser.parse_args(argv)
    torch.set_num_threads(1)
    document = json.loads(RESULT.read_text()) if RESULT.exists() else {"parts": {}}
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        records = make_records(Path(folder), asked.n_per_class)
        seeds = [int(seed) for seed in asked.seeds.split(",")]
        bench = Bench(records, seeds, asked.networks.split(","), Path(folder))
        for name in asked.parts.split(","):
            command = f"python -m benchmarks.accuracy_journal --parts {name} --seeds {asked.seeds}"
            measured = {
                "command": f"{command} --networks {asked.networks}",
                "date": datetime.now(UTC).date().isoformat(),
                "load_before": round(os.getloadavg()[0], 1),
            }
            part = document["parts"].setdefault(name, {"runs": []})
            for run in getattr(bench, f"run_{name}")():
                _say(run)
                part["runs"] = put_run(part["runs"], {**run, **measured})
                document |= describe(len(records)) | bench.extra
                document["goals_reached"] = check_goals(document, SPECTRAL)
                document["holds"] = is_reached(document["goals_reached"])
                if not asked.no_result:
                    _write(document)
    return 0


def describe(n_records: int) -> dict[str, Any]:
    """What was measured, on what, when."""
    return {
        "row": "accuracy_journal",
        "goal": "clean to 5 dB at most 1 error each; −5 dB ≥ 99 %, −10 dB ≥ 92 %, pink and tone at 5 dB "
        "≥ 99.5 %; 10 % of the data ≥ 99.5 %, two records per class ≥ 96 %; incipient never seen ≥ 99.2 % "
        "and ≥ 98.5 % at 5 dB; ECE ≤ 0.01; training ≤ 300 s; a 5 s record in ≤ 2 ms and ≤ 0.5 MB in ONNX "
        "Runtime; ≥ 20 times less processor time than a raw CNN-LSTM",
        "records": f"{n_records} of the generator's benchmark profile, 5 s at 20,480 Hz; 70/15/15 by "
        "recording, each severity of each class by itself; the shaft speed is not told; split and training "
        "have the same seed",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread, CPU only",
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.accuracy_journal",
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    sys.exit(main())
