"""The versions that a diagnosis keeps."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from services.diagnoses.versions import list_versions


@pytest.mark.parametrize(
    ("network", "asked"),
    [
        (None, set()),
        ("random_forest", {"scikit-learn"}),
        ("cnn1d", {"torch"}),
        ("ensemble", {"torch", "scikit-learn"}),
    ],
)
def test_only_what_judged_is_named(network: str | None, asked: set[str]) -> None:
    found = list_versions(network)
    assert found.keys() == {"product", "numpy", "scipy"} | asked
    assert (found["numpy"], found["scipy"]) == (np.__version__, scipy.__version__)
