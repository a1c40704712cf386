"""Named values that more than one layer uses."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

# The largest row id: the database's keys are 32-bit integers.
MAX_ID: Final = 2**31 - 1

# Usual endings of the files that are read; content decides.
RECORDING_ENDINGS: Final = (
    *(".mat", ".h5", ".hdf5", ".hdf", ".nc", ".csv", ".txt", ".tsv", ".asc", ".npy", ".npz", ".wav", ".flac"),
    *(".parquet", ".pq", ".tdms", ".uff", ".unv", ".uf", ".u58"),
)
# How a person says what the sides of a table of numbers are, where its shape does not tell.
ARRANGEMENTS: Final = (
    *("auto", "channels_in_columns", "channels_in_rows", "recordings_in_rows", "recordings_in_columns"),
)

# An upload that nobody imports is deleted after so many hours.
UPLOAD_KEPT_H: Final = 48

# A dataset in the trash can be restored for so many days.
TRASH_KEPT_DAYS: Final = 30

# A finished export is deleted after so many hours; a link to it works for so many seconds.
EXPORT_KEPT_H: Final = 48
DOWNLOAD_LINK_S: Final = 600

# Journal-bearing classes: the position is the label id of the public benchmark files.
FAULT_CLASSES: Final[tuple[str, ...]] = (
    "healthy",
    "misalignment",
    "imbalance",
    "clearance",
    "lubrication",
    "cavitation",
    "wear",
    "oil_whirl",
    "misalignment_imbalance",
    "wear_lubrication",
    "cavitation_clearance",
)

ROLLING_FAULT_CLASSES: Final[tuple[str, ...]] = ("healthy", "inner_race", "outer_race", "ball", "cage")

HEALTHY_CLASS: Final = "healthy"

# Spellings that mean one of the classes above and nothing else (lower case, words joined by underscores).
FAULT_CLASS_ALIASES: Final = MappingProxyType(
    {
        "sain": "healthy",
        "desalignement": "misalignment",
        "desequilibre": "imbalance",
        "jeu": "clearance",
        "lubrification": "lubrication",
        "usure": "wear",
        "oilwhirl": "oil_whirl",
        "mixed_misalign_imbalance": "misalignment_imbalance",
        "mixed_wear_lube": "wear_lubrication",
        "mixed_cavit_jeu": "cavitation_clearance",
        "normal": "healthy",
        "inner": "inner_race",
        "innerrace": "inner_race",
        "outer": "outer_race",
        "outerrace": "outer_race",
    }
)

# Fewer turns of the shaft in a window, and the lines of neighbouring faults run into one another.
MIN_ENVELOPE_TURNS: Final = 16.0

# Colours that colour-blind people tell apart (Okabe & Ito, "Color Universal Design", 2008).
OKABE_ITO: Final = MappingProxyType(
    {
        "orange": "#E69F00",
        "sky_blue": "#56B4E9",
        "green": "#009E73",
        "yellow": "#F0E442",
        "blue": "#0072B2",
        "vermillion": "#D55E00",
        "purple": "#CC79A7",
    }
)

# Prefixes of cache keys (``noun:what``, then the id).
CACHE_DATASET_PREVIEW: Final = "dataset:preview"
# In an experiment's folder: the folds of open-set jobs under way, each job's named by its evaluation first.
OPEN_SET_FOLDER: Final = "open_set"
