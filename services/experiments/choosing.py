"""Which experiments a list shows, and in what order: filters, text search, sorting; pure over a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.networks.registry import NETWORKS
from services.experiments.index import NOTHING, STATES, Place, Snapshot
from utils.exceptions import InvalidInputError

OPTION = "options."
_NUMBERS = (
    *("id", "seed", "created_at", "finished_at", "train_cpu_s", "best_epoch", "epochs_run", "parent_id"),
    *("test_recording_accuracy", "validation_recording_accuracy", "test_macro_f1", "status"),
)
_WORDS = ("name", "network", "channel")
_PLACES = ("dataset", "split", "split_colour")
SORT_KEYS = (*_NUMBERS, *_WORDS, *_PLACES)
ACTIVE, TRASH = "active", "trash"
SHELVES = (ACTIVE, TRASH)
_PARTS_OF_ALL = 4

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Filters:
    """What an experiment must be to be listed; None or empty: anything."""

    query: str = ""
    status: str | None = None
    network: str | None = None
    dataset_id: int | None = None
    split_id: int | None = None
    group_key: str | None = None
    ids: tuple[int, ...] | None = None
    shelf: str = ACTIVE


def read_filters(given: Mapping[str, Any]) -> Filters:
    """Return the filters that are given; those that are None or empty are left out.

    Raises:
        InvalidInputError: Not a filter, or not a value of one.
    """
    known = {name: value for name, value in given.items() if value not in (None, "")}
    unknown = sorted(set(known) - set(Filters.__slots__))
    if unknown:
        raise InvalidInputError(
            f"Experiments have no filter '{unknown[0]}'. Filters: {', '.join(Filters.__slots__)}."
        )
    if known.get("shelf", ACTIVE) not in SHELVES:
        raise InvalidInputError(f"Experiments are {' or '.join(SHELVES)}; '{known['shelf']}' is neither.")
    for name in ("dataset_id", "split_id"):
        if name in known:
            known[name] = _read_id(name, known[name])
    if "ids" in known:
        known["ids"] = tuple(_read_id("ids", each) for each in known["ids"])
    return Filters(**known)


def _read_id(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InvalidInputError(f"'{name}' takes whole numbers.") from None


def match(snapshot: Snapshot, filters: Filters) -> Mask:
    """Return which experiments fulfil every filter."""
    columns = snapshot.columns
    mask: Mask = np.isnan(columns["trashed_at"])
    if filters.shelf == TRASH:
        mask = ~mask
    if filters.status is not None:
        mask &= columns["status"] == (STATES.index(filters.status) if filters.status in STATES else NOTHING)
    for name in ("network", "group_key"):
        word = getattr(filters, name)
        if word is not None:
            mask &= columns[name] == _find(snapshot, name, word)
    if filters.split_id is not None:
        mask &= columns["split_id"] == filters.split_id
    if filters.dataset_id is not None:
        mine = partial(_belongs_to, dataset_id=filters.dataset_id)
        mask &= _spread(snapshot.versions, columns["dataset_version_id"], mine)
    if filters.ids is not None:
        mask &= np.isin(columns["id"], filters.ids)
    for word in filters.query.casefold().split():
        mask &= _contains(snapshot, word)
    return mask


def _find(snapshot: Snapshot, name: str, word: str) -> int:
    """Return the code of a word; -2, which no experiment has, where nobody used it."""
    code = snapshot.words[name].find(word)
    return NOTHING - 1 if code == NOTHING else code


def _belongs_to(place: Place, dataset_id: int) -> bool:
    return place.dataset_id == dataset_id


def _contains(snapshot: Snapshot, word: str) -> Mask:
    """Return which experiments have a word in their name, network, dataset or split."""
    columns, words = snapshot.columns, snapshot.words
    in_name = _holds(words["name"].derive("folded", _fold), word)
    titles = [f"{code} {_title_of(code)}".casefold() for code in words["network"].values]
    in_network = np.array([word in title for title in titles], bool)

    def named(place: Place) -> bool:
        return word in place.name.casefold()

    found: Mask = in_name[columns["name"]] | in_network[columns["network"]]
    found |= _spread(snapshot.versions, columns["dataset_version_id"], named)
    found |= _spread(snapshot.splits, columns["split_id"], named)
    return found


def _fold(values: list[str]) -> NDArray[Any]:
    return np.array([value.casefold() for value in values], object)


def _holds(texts: NDArray[Any], word: str) -> Mask:
    return np.fromiter((word in text for text in texts), bool, len(texts))


def _title_of(network: str) -> str:
    return NETWORKS[network].title if network in NETWORKS else ""


def _spread(places: Mapping[int, Place], column: NDArray[Any], test: Callable[[Place], bool]) -> Mask:
    """Return for each experiment whether its place passes."""
    table = np.zeros(max(places, default=0) + 2, bool)
    table[[number for number, place in places.items() if test(place)]] = True
    found: Mask = table[column]
    return found


# --- order -----------------------------------------------------------------------------------------------


def check_sort(sort: str) -> tuple[str, bool]:
    """Return the column that ``sort`` names and whether it runs downwards.

    Raises:
        InvalidInputError: There is no such column.
    """
    name = sort.removeprefix("-")
    if name not in SORT_KEYS and name.removeprefix(OPTION) not in list_option_names():
        raise InvalidInputError(
            f"Experiments can't be sorted by '{name}'. Columns: {', '.join(SORT_KEYS)}, {OPTION}NAME."
        )
    return name, sort.startswith("-")


def read_key(snapshot: Snapshot, name: str) -> NDArray[np.float64]:
    """Return what experiments are sorted by, as numbers; NaN where one has no value."""
    columns, words = snapshot.columns, snapshot.words
    if name.startswith(OPTION):
        return read_option(snapshot, name.removeprefix(OPTION))[columns["options"]]
    if name in _WORDS:
        ranks = np.append(words[name].rank(), np.nan)  # the code of nothing reads the last
        return ranks[columns[name]]
    if name in _PLACES:
        return _read_places(snapshot, name)
    values = columns[name].astype(np.float64)
    return np.where(values == NOTHING, np.nan, values) if name == "parent_id" else values


def _read_places(snapshot: Snapshot, name: str) -> NDArray[np.float64]:
    places = snapshot.versions if name == "dataset" else snapshot.splits
    column = snapshot.columns["dataset_version_id" if name == "dataset" else "split_id"]
    keys = [
        (place.colour if name == "split_colour" else place.name.casefold(), place.number)
        for place in places.values()
    ]
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    table = np.full(max(places, default=0) + 2, np.nan)
    table[list(places)] = [ranks[key] for key in keys]
    return table[column]


def read_option(snapshot: Snapshot, option: str) -> NDArray[np.float64]:
    """Return one option of every set of options: numbers as they are, texts by their order, NaN: not set."""
    sets = snapshot.words["options"]

    def compute(values: list[str]) -> NDArray[np.float64]:
        found = [each.get(option) for each in sets.parse()[: len(values)]]
        texts = sorted({str(each) for each in found if isinstance(each, str)})
        ranks: dict[Any, float] = {text: float(rank) for rank, text in enumerate(texts)}
        return np.array([np.nan if each is None else ranks.get(each, each) for each in found], np.float64)

    return sets.derive(f"option {option}", compute)


def order_first(
    key: NDArray[np.float64], candidates: NDArray[np.int64], n_wanted: int, *, downwards: bool
) -> NDArray[np.int64]:
    """Return the first ``n_wanted`` of ``candidates`` in the order of ``key``.

    ``candidates`` are ascending positions; among equals the last one comes first, and what has no value
    comes last either way.
    """
    backwards = candidates[::-1]
    keys = -key[backwards] if downwards else key[backwards]
    if n_wanted * _PARTS_OF_ALL < len(keys):
        limit = np.partition(keys, n_wanted - 1)[n_wanted - 1]
        if not np.isnan(limit):
            near = keys <= limit
            backwards, keys = backwards[near], keys[near]
    return backwards[np.argsort(keys, kind="stable")][:n_wanted]


def list_differing_options(snapshot: Snapshot, positions: NDArray[np.int64]) -> list[str]:
    """Return the options that do not have one value throughout; one that a network lacks does not count."""
    codes = np.unique(snapshot.columns["options"][positions])
    return [name for name in list_option_names() if _differs(snapshot, name, codes)]


def list_option_names() -> list[str]:
    """Return every option that something registered has, each once."""
    return list(dict.fromkeys(option.name for spec in NETWORKS.values() for option in spec.options))


def _differs(snapshot: Snapshot, name: str, codes: NDArray[Any]) -> bool:
    values = read_option(snapshot, name)[codes]
    given = values[~np.isnan(values)]
    n_unset = len(values) - len(given)
    if len(given) and given.min() != given.max():
        return True
    return bool(n_unset and len(given)) and _is_unset_somewhere(snapshot, name, codes)


def _is_unset_somewhere(snapshot: Snapshot, name: str, codes: NDArray[Any]) -> bool:
    """Tell whether an option is left empty in one of the sets that have it."""
    parsed = snapshot.words["options"].parse()
    return any(name in parsed[code] and parsed[code][name] is None for code in codes.tolist())
