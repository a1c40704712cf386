"""What callbacks put into a page: samples of the parts that carry controls, built by the real builders."""

from __future__ import annotations

from collections.abc import Callable

from dash.development.base_component import Component

from layouts.components.bearings import build_bearing_list
from layouts.components.dataset_export import build_export_list
from layouts.components.dataset_samples import build_previews
from layouts.components.feature_sets import build_sets
from layouts.components.import_files import build_file_list
from layouts.components.import_mapping import build_rules
from layouts.components.import_signals import build_corrections
from layouts.components.import_templates import build_offers, build_template_list
from layouts.components.jobs import build_job_list
from layouts.components.results import build_confusion
from layouts.components.signal_peaks import build_best_bands
from layouts.components.splits import build_split_list
from layouts.components.training_form import build_option_fields
from layouts.components.xai_form import build_option_fields as build_explanation_options
from layouts.components.xai_kept import build_kept
from layouts.ids.evaluation import EvaluationId
from tests.contract.wiring import FRAME

JOB = {
    "id": 7,
    "title": "Import of a dataset",
    "link": "/datasets/1",
    "state": "running",
    "progress": 0.4,
    "progress_text": "4 of 10 files",
    "eta_s": 12.0,
    "error": None,
    "command": None,
    "can_cancel": True,
    "finished_at": None,
}

OPTION = {
    "name": "epochs", "type": "int", "default": 20, "minimum": 1, "maximum": 99, "help": "",
    "group": "training", "group_title": "Training",
}  # fmt: skip
FILE = {"upload_id": "u1", "file_name": "a.mat", "n_bytes": 1000, "sha256": "00"}
CHANNEL = {
    "channel": "DE",
    "glob": "*_DE_time",
    "n_files": 1,
    "n_signals": 1,
    "examples": ["X1_DE_time"],
    "units": [],
}
SPLIT = {
    "split_id": 1,
    "dataset_id": 1,
    "name": "s",
    "version": 1,
    "colour": "clear",
    "accepted_reason": None,
    "seed": 0,
    "by": "load",
    "test_values": ["2"],
    "channel": None,
    "counts": {},
    "carried_from": None,
    "created_at": "2026-01-01T00:00:00+00:00",
}
TRACE = {
    "signal_id": 1,
    "recording_id": 1,
    "recording": "r",
    "channel": "DE",
    "unit": "g",
    "time_s": [0.0, 1.0],
    "values": [0.0, 1.0],
}
PREVIEW = {"version": 1, "classes": {"ball": [TRACE]}}
FEATURE_SET = {
    "feature_set_id": 3,
    "name": "Best",
    "dataset_id": 1,
    "version": 1,
    "domain": "all",
    "config": {"kind": "selection"},
    "n_features": 4,
    "n_rows": 9,
    "created_at": "2026-01-01T00:00:00+00:00",
}
EXPORT = {
    "export_id": 1,
    "version": 1,
    "title": "CSV",
    "file_name": "rig.zip",
    "n_bytes": 10,
    "sha256": "00",
    "expires_at": None,
    "downloadable": True,
    "job": {**JOB, "state": "done"},
}
BEARING = {
    "bearing_id": 4,
    "designation": "Mill",
    "manufacturer": None,
    "geometry": None,
    "orders": {"bpfo": 3.0, "bpfi": 5.0, "bsf": 2.0, "ftf": 0.4},
    "source": "drawing",
}
EXPLANATION = {
    "explanation_id": 9, "experiment_id": 1, "experiment": "e", "current": True, "signal_id": 1, "part": None,
    "method": "occlusion", "n_bytes": 10, "created_at": "2026-01-01T00:00:00+00:00", "recording": "r",
    "channel": "DE", "dataset_id": 1, "is_done": True, "headline": None, "job": None,
}  # fmt: skip
JUDGED = {"per_class": [{"class_name": "healthy"}], "confusion": [[3]]}

# Page (its module's last name) to a builder of such parts.
DYNAMIC_PARTS: dict[str, Callable[[], list[Component]]] = {
    FRAME: lambda: build_job_list([JOB], []),
    "data_generation": lambda: [
        build_file_list([FILE], []),
        *build_rules([CHANNEL], {}),
        *build_corrections([{"file": "*", "load": "3"}]),
        *build_offers([{"template_id": 1, "name": "t", "fits": True}]),
        *build_template_list([{"template_id": 1, "name": "t"}]),
    ],
    "dataset": lambda: [
        build_split_list([SPLIT], carry_to=2),
        build_export_list([EXPORT]),
        build_previews(1, PREVIEW, "light"),
    ],
    "signal_viewer": lambda: [
        build_best_bands([{"low_hz": 0.0, "high_hz": 1.0, "kurtosis": 2.0}]),
        build_bearing_list([BEARING], allowed=True),
    ],
    "experiment": lambda: [build_confusion(JUDGED, "recording")],
    "evaluation": lambda: [build_confusion(JUDGED, "recording", cell_id=EvaluationId.CELL)],
    "xai": lambda: [
        build_explanation_options({"options": [OPTION]}, [], []),
        build_kept([EXPLANATION], 1, {}, may_write=True),
    ],
    "feature_engineering": lambda: [build_sets([FEATURE_SET], may_delete=True)],
    "new_experiment": lambda: [build_option_fields({"options": [OPTION]}, {})],
}
