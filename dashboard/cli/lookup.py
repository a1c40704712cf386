"""Datasets and splits named on a command line, by name or id."""

from __future__ import annotations

import click

from services.dataset_service import DatasetService


def find_dataset(text: str) -> int:
    """Return the id of the dataset that ``text`` names; a name wins over an id."""
    found = DatasetService.list_datasets(limit=1000, search_query=text)["items"]
    for dataset in found:
        if dataset["name"] == text:
            return int(dataset["dataset_id"])
    if text.isdigit() and DatasetService.get_dataset_details(int(text)):
        return int(text)
    raise click.ClickException(f"There is no dataset '{text}'. Import one first, or look at its name.")


def find_split(dataset_id: int, text: str) -> int:
    """Return the id of the split of a dataset that ``text`` names; the newest version's wins."""
    splits = DatasetService.list_splits(dataset_id)
    named = [split for split in splits if split["name"] == text]
    if named:
        return int(max(named, key=lambda split: split["version"])["split_id"])
    if text.isdigit() and any(split["split_id"] == int(text) for split in splits):
        return int(text)
    known = ", ".join(split["name"] for split in splits) or "none yet"
    raise click.ClickException(f"The dataset has no split '{text}'. It has: {known}.")
