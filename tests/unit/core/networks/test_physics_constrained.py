"""Band energies, and the loss that makes a network tell them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.networks.band_energies import BANDS, compute_band_energies, draw_displacements
from core.networks.physics_constrained import PhysicsConstrainedNetwork, build_physics_constrained
from utils.exceptions import InvalidInputError

RATE_HZ = 6000.0
N_SAMPLES = 6000
SHAFT_HZ = 30.0
MACHINE = torch.tensor([[SHAFT_HZ, 3.585, 5.415, 2.357, 0.398]])
PHYSICAL = torch.ones(len(BANDS))


def name_bands() -> list[str]:
    columns = {None: "x", 1: "bpfo", 2: "bpfi", 3: "bsf", 4: "ftf"}
    return [f"{band.spectrum} {band.order:g}{columns[band.column]}" for band in BANDS]


def measure(signal: np.ndarray, machine: torch.Tensor = MACHINE) -> dict[str, float]:
    windows = torch.from_numpy(signal).float()[None]
    found = compute_band_energies(windows, RATE_HZ, machine, PHYSICAL)[0].tolist()
    return dict(zip(name_bands(), found, strict=True))


def make_tone(frequency_hz: float, amplitude: float = 1.0) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(N_SAMPLES)
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    return amplitude * np.sin(2 * np.pi * frequency_hz * time_s) + 0.1 * noise


@pytest.mark.parametrize(
    ("order", "band"), [(0.45, "signal 0.45x"), (1, "signal 1x"), (2, "signal 2x"), (3, "signal 3x")]
)
def test_a_shaft_line_shows_in_its_own_band_only(order: float, band: str) -> None:
    found = measure(make_tone(order * SHAFT_HZ))
    signal_bands = {name: value for name, value in found.items() if name.startswith("signal")}
    assert max(signal_bands, key=signal_bands.__getitem__) == band
    assert signal_bands.pop(band) > 2.0
    assert max(signal_bands.values()) < -1.0


def test_the_value_is_the_mean_power_in_the_band_over_that_of_the_spectrum() -> None:
    signal = make_tone(61.0)
    power = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(N_SAMPLES + 1)[:-1])) ** 2
    expected = math.log10(power[58:63].mean() / power.mean())  # 60 Hz ± 3 %, rounded to bins of 1 Hz
    assert measure(signal)["signal 2x"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("order", "band"),
    [
        (3.585, "envelope 1bpfo"),
        (5.415, "envelope 1bpfi"),
        (2 * 2.357, "envelope 2bsf"),
        (0.398, "envelope 1ftf"),
    ],
)
def test_impacts_at_a_bearing_order_show_in_the_envelope(order: float, band: str) -> None:
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    ringing = np.exp(-300.0 * (time_s % (1.0 / (order * SHAFT_HZ)))) * np.sin(2 * np.pi * 2000.0 * time_s)
    found = measure(ringing + 0.01 * np.random.default_rng(0).standard_normal(N_SAMPLES))
    lines = {name: found[name] for name in found if name.startswith("envelope") and name != "envelope 1x"}
    if band == "envelope 1ftf":  # the cage's rhythm has harmonics; its own line is among the strong ones
        assert lines[band] > 1.0
    else:
        assert max(lines, key=lines.__getitem__) == band and lines[band] > 1.0


def test_gain_and_offset_change_nothing() -> None:
    signal = make_tone(30.0)
    for changed in (7.0 * signal, signal + 3.0):
        for name, value in measure(signal).items():
            assert measure(changed)[name] == pytest.approx(value, abs=0.02)


def test_what_is_not_known_or_cannot_be_seen_is_nan() -> None:
    noise = np.random.default_rng(0).standard_normal(N_SAMPLES)
    journal = torch.tensor([[SHAFT_HZ, *[math.nan] * 4]])
    found = measure(noise, journal)
    assert {name for name, value in found.items() if math.isnan(value)} == {
        "envelope 1bpfo", "envelope 1bpfi", "envelope 2bsf", "envelope 1ftf",
    }  # fmt: skip
    assert all(math.isnan(value) for value in measure(noise, torch.full((1, 5), math.nan)).values())
    short = measure(noise[:300])  # bins of 20 Hz
    assert math.isnan(short["signal 1x"]) and not math.isnan(short["signal 2x"])
    assert measure(np.zeros(N_SAMPLES))["signal 1x"] == 0.0


def test_displaced_bands_miss_their_lines_and_stay_near() -> None:
    torch.manual_seed(0)
    drawn = torch.stack([draw_displacements() for _ in range(50)])
    away = torch.maximum(drawn, 1 / drawn)
    assert away.min() >= 1.1 - 1e-6 and away.max() <= 1.4 + 1e-6
    assert (drawn > 1).any() and (drawn < 1).any()
    windows = torch.from_numpy(make_tone(2 * SHAFT_HZ)).float()[None]
    second = name_bands().index("signal 2x")
    for row in drawn[:10]:
        assert compute_band_energies(windows, RATE_HZ, MACHINE, row)[0, second] < -1.0


def build(band_loss: str | None, weight: float = 0.2) -> PhysicsConstrainedNetwork:
    torch.manual_seed(1)
    return build_physics_constrained(
        n_samples=N_SAMPLES, n_classes=3, sample_rate_hz=RATE_HZ, n_filters=8, dropout=0.0,
        band_loss=band_loss, band_loss_weight=weight,
    )  # fmt: skip


def compute_extra(network: PhysicsConstrainedNetwork, conditions: torch.Tensor) -> torch.Tensor:
    windows = torch.from_numpy(np.stack([make_tone(30.0), make_tone(60.0)])).float()
    logits = network(windows)
    return network.extra_loss(logits, torch.eye(3)[:2], windows, conditions)


def test_the_loss_is_the_weighted_gap_to_the_energies() -> None:
    network = build("physical", weight=0.5).train()
    windows = torch.from_numpy(np.stack([make_tone(30.0), make_tone(60.0)])).float()
    told = network.energy_head(network.base.find_patterns(windows))
    gap = (told - compute_band_energies(windows, RATE_HZ, MACHINE.repeat(2, 1), PHYSICAL)).abs()
    smooth = torch.where(gap < 1.0, 0.5 * gap**2, gap - 0.5)
    found = compute_extra(network, MACHINE.repeat(2, 1))
    torch.testing.assert_close(found, 0.5 * smooth.mean())


def test_unknown_bands_do_not_count() -> None:
    network = build(None).train()
    both = MACHINE.repeat(2, 1)
    half = both.clone()
    half[1] = math.nan
    first, whole = compute_extra(network, half), compute_extra(network, both)
    assert torch.isfinite(first) and not torch.isclose(first, whole)
    assert compute_extra(network, torch.full((2, 5), math.nan)).item() == 0.0


@pytest.mark.parametrize("band_loss", ["physical", "random"])
def test_asking_for_the_loss_asks_for_the_speed(band_loss: str) -> None:
    with pytest.raises(InvalidInputError, match="shaft speed"):
        compute_extra(build(band_loss).train(), torch.full((2, 5), math.nan))


def test_without_the_loss_there_is_no_second_head() -> None:
    network = build("none").train()
    assert not any("energy" in name for name, _ in network.named_parameters())
    assert compute_extra(network, MACHINE.repeat(2, 1)).item() == 0.0


def test_training_on_the_loss_makes_the_network_tell_the_energies() -> None:
    network = build("physical", weight=1.0).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    first = None
    for _ in range(25):
        optimiser.zero_grad()
        loss = compute_extra(network, MACHINE.repeat(2, 1))
        first = loss.item() if first is None else first
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.1 * first


def test_the_control_keeps_its_bands_with_the_weights() -> None:
    first, second = build("random"), build("random")
    torch.manual_seed(99)
    second.displacements = draw_displacements()
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.displacements, second.displacements)
    assert not torch.equal(first.displacements, torch.ones(len(BANDS)))
