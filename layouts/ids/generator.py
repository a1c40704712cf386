"""Ids of the generator tab."""

from __future__ import annotations

from enum import StrEnum


class GeneratorId(StrEnum):
    """The generator: its form, a look at one record, the dataset that is made."""

    PAGE = "generator-page"
    URL = "generator-url"
    TABS = "generator-tabs"
    # the form
    KIND = "generator-kind"
    FIELD = "generator-field"
    AREA = "generator-area"
    # saved configurations
    PRESETS = "generator-presets"
    PRESET = "generator-preset"
    PRESET_LOAD = "generator-preset-load"
    PRESET_DELETE = "generator-preset-delete"
    PRESET_NAME = "generator-preset-name"
    PRESET_SAVE = "generator-preset-save"
    LOADED = "generator-loaded"
    # a look at one record
    PREVIEW_CLASS = "generator-preview-class"
    PREVIEW_SEVERITY = "generator-preview-severity"
    PREVIEW_INDEX = "generator-preview-index"
    PREVIEW_RANGE = "generator-preview-range"
    PROBLEM = "generator-problem"
    WAVEFORM = "generator-waveform"
    SPECTRUM = "generator-spectrum"
    RESOLUTION = "generator-resolution"
    FACTS = "generator-facts"
    # the dataset
    ESTIMATE = "generator-estimate"
    NAME = "generator-name"
    DESCRIPTION = "generator-description"
    START = "generator-start"
    JOB = "generator-job"
    JOB_AREA = "generator-job-area"
    CANCEL = "generator-cancel"
    CANCEL_AREA = "generator-cancel-area"
