"""The experiments' table: its columns, and a service's rows as it shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layouts.components.numbers import count_of
from layouts.components.tables import Column
from layouts.components.training_form import name_option

COLUMNS = (
    Column("name", "Name", kind="experiment", width=345, pinned=True, filterable=False),
    Column("status", "Status", kind="training", width=215, filterable=False, tooltip="error"),
    Column(
        "test_recording_accuracy", "Test, recording-level", kind="accuracy", width=230, filterable=False
    ),
    Column("baseline_accuracy", "Baseline, recording-level", kind="baseline", width=190, filterable=False),
    Column(
        "test_window_accuracy", "Test, window-level", kind="accuracy", width=215, sortable=False,
        filterable=False,
    ),
    Column(
        "test_macro_f1", "Test macro-F1, recording-level", kind="number", digits=3, width=160, hidden=True,
        filterable=False,
    ),
    Column(
        "validation_recording_accuracy", "Validation accuracy, recording-level", kind="number", digits=3,
        width=160, hidden=True, filterable=False,
    ),
    Column("network", "Network", width=150, filterable=False),
    Column("dataset", "Dataset", width=170, filterable=False),
    Column("split", "Split", kind="split", width=190, filterable=False),
    Column("channel", "Channel", width=105, hidden=True, filterable=False),
    Column("seed", "Seeds", width=100, filterable=False),
    Column("train_cpu_s", "Training", unit="CPU s", kind="number", digits=3, width=140, filterable=False),
    Column("epochs_run", "Epochs", kind="number", digits=3, width=105, hidden=True, filterable=False),
    Column("best_epoch", "Best epoch", kind="number", digits=3, width=120, hidden=True, filterable=False),
    Column("created_at", "Created", kind="moment", width=170, filterable=False),
    Column("finished_at", "Finished", kind="moment", width=170, hidden=True, filterable=False),
)  # fmt: skip
_AS_IT_IS = (
    *("row_id", "kind", "level", "n_children", "is_open", "experiment_ids", "done_ids", "status", "states"),
    *("split", "split_colour", "channel", "train_cpu_s", "epochs_run", "best_epoch", "created_at", "error"),
    *("finished_at", "test_macro_f1", "validation_recording_accuracy", "baseline_accuracy", "baseline_gain"),
    *("test_recording_accuracy", "stopped_early", "options"),
    *("test_window_accuracy", "group_key", "baseline_ids"),
)


def build_columns(options: Sequence[str]) -> list[Column]:
    """Return the columns with those of some options behind the accuracies, where they are seen at once."""
    behind = 1 + [column.field for column in COLUMNS].index("baseline_accuracy")
    return [*COLUMNS[:behind], *(build_option_column(name) for name in options), *COLUMNS[behind:]]


def build_option_column(name: str) -> Column:
    """Return the column of one option of the networks."""
    label, unit = name_option(name)
    return Column(f"options.{name}", label, unit=unit, kind="option", width=150, filterable=False)


def build_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the table."""
    group = row["kind"] == "group"
    return {
        **{key: row.get(key) for key in _AS_IT_IS},
        "name": row["name"],
        "href": None if group else build_address(row),
        "tag": _name_tag(row),
        "network": row["network_title"],
        "dataset": f"{row['dataset']} · v{row['dataset_version']}",
        "seed": ", ".join(map(str, row["seeds"])),
        "percent": round(100 * row["progress"]),
        "asked": row["command"],
        "test_recording_accuracy_note": _word_seeds(row, are_alike=_are_alike(row)) if group else None,
        "test_window_accuracy_note": _word_seeds(row) if group else None,
        "test_recording_accuracy_interval": _pick_interval(row),
        "test_recording_accuracy_n": None if group else row["n_test_recordings"],
        "test_window_accuracy_n": None if group else row["n_test_windows"],
        "baseline_network": row.get("baseline_network"),
    }


def build_address(row: Mapping[str, Any]) -> str:
    """Return where a training's page is; a finished one opens with its results."""
    tab = "?tab=results" if row["test_recording_accuracy"] is not None else ""
    return f"/experiment/{row['experiment_id']}{tab}"


def _name_tag(row: Mapping[str, Any]) -> str | None:
    """Return the word beside a name."""
    if row["trashed_at"]:
        return f"until {str(row['kept_until'])[:10]}"
    if row["kind"] == "group":
        return count_of(len(row["seeds"]), "seed")
    if row["level"]:
        return "baseline" if row["kind"] == "baseline" else f"seed {row['seed']}"
    if row["baseline_of"]:
        return "baseline"
    return "fine-tuned" if row["parent_id"] else None


def _pick_interval(row: Mapping[str, Any]) -> list[float] | None:
    """Seeds that all did the same have no spread to make an interval of."""
    interval: list[float] | None = row["test_recording_accuracy_interval"]
    return interval if interval and interval[1] > interval[0] else None


def _are_alike(row: Mapping[str, Any]) -> bool:
    """Tell whether the seeds of a group were right at recording level all alike."""
    interval = row["test_recording_accuracy_interval"]
    return bool(interval) and interval[1] <= interval[0]


def _word_seeds(row: Mapping[str, Any], *, are_alike: bool = False) -> str:
    """Return what a mean stands on: never a mean of a few seeds without saying so."""
    if not row["n_finished"]:
        return ""
    if row["note"]:
        return f"too few seeds ({row['n_finished']})"
    seeds = count_of(row["n_finished"], "seed")
    return f"all {seeds} alike" if are_alike else seeds


def list_ids(rows: Sequence[Mapping[str, Any]], *keys: str) -> list[int]:
    """Return the experiments of the selected rows, each once: a group stands for all of its seeds.

    ``keys`` say which of them: ``experiment_ids`` by default, ``done_ids``, ``baseline_ids`` beside them.
    """
    wanted = keys or ("experiment_ids",)
    return list(dict.fromkeys(number for row in rows for key in wanted for number in row.get(key) or []))
