"""The size of a stored classifier, counted from the arrays that were stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.evaluation.size import measure_size
from core.training.checkpoints import encode_document
from utils.exceptions import DataDamagedError


def test_parameters_are_counted_without_what_a_network_only_keeps_count_of(tmp_path: Path) -> None:
    arrays = {
        "layer.weight": np.zeros((4, 3), np.float32),
        "layer.bias": np.zeros(4, np.float32),
        "norm.running_mean": np.zeros(4, np.float32),
        "norm.num_batches_tracked": np.array(7),
    }
    content = encode_document(arrays, {})
    (tmp_path / "weights-1.safetensors").write_bytes(content)
    (tmp_path / "classifier.json").write_text("{}")
    found = measure_size(tmp_path)
    assert found.n_parameters == 12 + 4
    assert found.n_bytes == len(content) + 2


def test_weights_that_are_none_are_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "weights-1.safetensors").write_bytes(
        b"\x20\x00\x00\x00\x00\x00\x00\x00not json at all, really"
    )
    with pytest.raises(DataDamagedError, match="can't be read"):
        measure_size(tmp_path)
