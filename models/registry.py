"""Imports every table once, for whoever needs the whole schema."""

from __future__ import annotations

from sqlalchemy import MetaData

from models import (
    api_key,
    audit,
    dataset,
    diagnosis,
    evaluation,
    experiment,
    explanation,
    export,
    feature_set,
    job,
    machine,
    preset,
    recording,
    split,
    upload,
    user,
)
from models.base import Base

AGGREGATES = (
    api_key,
    audit,
    dataset,
    diagnosis,
    evaluation,
    experiment,
    explanation,
    export,
    feature_set,
    job,
    machine,
    preset,
    recording,
    split,
    upload,
    user,
)


def get_metadata() -> MetaData:
    """Return the metadata of all tables."""
    return Base.metadata
