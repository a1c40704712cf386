"""All checks together, on a network that looks at 1X and on attributions that do not belong to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.explain.assessment import assess_attribution
from core.explain.explainer import explain
from core.explain.trust import CheckName
from tests.unit.core.explain.toys import build_line_toy
from utils.exceptions import InvalidInputError

SILENCE = {"baseline": "zero"}


def test_an_honest_attribution_passes_everything_over_frequency() -> None:
    toy = build_line_toy(1)
    checks = assess_attribution(
        toy, explain(toy, "integrated_gradients", target_class=1, options=SILENCE), axis="frequency"
    )
    assert [check.name for check in checks] == list(CheckName)
    assert [check.passes for check in checks] == [True] * 5


@pytest.mark.parametrize("axis", ["time", "frequency"])
def test_an_attribution_of_another_network_is_red(axis: str) -> None:
    toy = build_line_toy(1)
    found = explain(toy, "integrated_gradients", target_class=1, options=SILENCE)
    rng = np.random.default_rng(4)
    slopes = rng.standard_normal(toy.windows.shape).astype(np.float32)
    wrong = replace(found, slopes=slopes, values=slopes * toy.windows)
    checks = {check.name: check for check in assess_attribution(toy, wrong, axis=axis)}  # type: ignore[arg-type]  # one of two
    assert checks[CheckName.INFIDELITY].passes is False
    assert checks[CheckName.DELETION].passes is False
    assert checks[CheckName.SENSITIVITY].passes is False


def test_a_model_without_weights_skips_their_check_only() -> None:
    toy = build_line_toy(1)
    no_network = replace(toy, network=None)
    checks = assess_attribution(no_network, explain(no_network, "occlusion", target_class=1))
    assert [check.passes is None for check in checks] == [False, False, False, False, True]


def test_the_same_seed_gives_the_same_numbers() -> None:
    toy = build_line_toy(1)
    found = explain(toy, "occlusion", target_class=1)
    assert assess_attribution(toy, found, seed=3) == assess_attribution(toy, found, seed=3)


def test_progress_goes_to_the_end() -> None:
    toy = build_line_toy(1)
    seen: list[tuple[int, int]] = []
    assess_attribution(
        toy, explain(toy, "occlusion", target_class=1), on_progress=lambda *now: seen.append(now)
    )
    assert seen[-1] == (4, 4)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_features_are_not_checked_as_waveforms() -> None:
    toy = build_line_toy(1)
    found = replace(explain(toy, "occlusion", target_class=1), feature_names=("rms",))
    with pytest.raises(InvalidInputError, match="not over features"):
        assess_attribution(toy, found)
