"""The spectral front end in a graph, against numpy's transforms and against signals whose lines are known."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from core.networks.onnx_export import export_onnx
from core.networks.spectral_layers import (
    FramePower,
    HannPower,
    SlowSpectrum,
    follow_floor,
    mean_of_log_to_db,
    to_db,
)
from core.networks.spectral_net import SpectralNetwork, build_spectral_net

RATE_HZ = 20_480.0
N = 5 * 20_480
TIMES_S = np.arange(N) / RATE_HZ


def draw_noise(seed: int = 0, n: int = N) -> NDArray:
    return np.random.default_rng(seed).standard_normal(n)


def as_windows(*signals: NDArray) -> torch.Tensor:
    return torch.from_numpy(np.stack(signals).astype(np.float32))


def make_line(frequency_hz: float, amplitude: float) -> NDArray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * TIMES_S)


def build(n_samples: int = N) -> SpectralNetwork:
    torch.manual_seed(0)
    return build_spectral_net(
        n_samples=n_samples,
        n_classes=11,
        sample_rate_hz=RATE_HZ,
        lowest_shaft_hz=48.0,
        highest_shaft_hz=72.0,
        hidden_size=48,
        dropout=0.1,
    ).eval()


@pytest.mark.parametrize("n_samples", [12, 100, 257, 2560])
def test_two_matrix_products_give_numpys_power_spectrum(n_samples: int) -> None:
    layer = HannPower(n_samples, 512.0, 200.0)
    n_used = layer.rows * layer.columns
    signal = draw_noise(1, n_samples)[:n_used]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_used) / n_used)
    expected = np.abs(np.fft.rfft(signal * window)) ** 2 / (512.0 * np.square(window).sum())

    found = layer(as_windows(np.pad(signal, (0, n_samples - n_used))))[0].numpy()
    np.testing.assert_allclose(found, expected[: layer.n_bins], rtol=2e-4, atol=1e-8)


def test_frames_and_the_slow_spectrum_measure_the_same_density_of_white_noise() -> None:
    windows = as_windows(draw_noise())
    frames = FramePower(160, RATE_HZ, np.linspace(3000.0, 6900.0, 12))
    white_db = mean_of_log_to_db(torch.log(frames(windows)).mean(dim=2)).mean(dim=1, keepdim=True)
    slow = SlowSpectrum(N, RATE_HZ, 220.0, 10.0)

    # A density of 1 / rate on both sides of the one-sided spectrum's middle.
    assert white_db.item() == pytest.approx(-10 * np.log10(RATE_HZ), abs=0.3)
    assert slow(windows, white_db).level.mean().item() == pytest.approx(-2.5, abs=0.7)  # mean of a logarithm


def test_the_slow_spectrum_shows_no_line_from_above_its_band() -> None:
    slow = SlowSpectrum(N, RATE_HZ, 220.0, 10.0)
    folded_hz = 2 * 512.0 + 100.0
    windows = as_windows(make_line(100.0, 1.0), make_line(folded_hz, 1.0))

    power_db = slow(windows, torch.zeros(2, 1)).level
    at = round(100.0 / slow.resolution_hz)
    near = power_db[:, at - 2 : at + 3].amax(dim=1)
    assert (near[0] - near[1]).item() > 60.0


def test_the_running_floor_follows_noise_and_passes_under_a_line() -> None:
    power = torch.from_numpy(np.random.default_rng(3).exponential(size=(1, 1000)).astype(np.float32))
    lined = power.clone()
    lined[:, 498:503] = 1e5

    plain, under = follow_floor(to_db(power), 51), follow_floor(to_db(lined), 51)
    assert (under - plain).abs().max().item() < 2.5


@pytest.mark.parametrize("shaft_hz", [49.0, 57.3, 66.0])
def test_the_gather_finds_the_shaft_and_reads_its_orders(shaft_hz: float) -> None:
    network = build()
    orders = sum(make_line(order * shaft_hz, 0.1) for order in (1, 2, 3))
    whirl = make_line(0.45 * shaft_hz, 0.2)
    lines, _, _ = network.describe(as_windows(draw_noise() + orders + whirl))

    heights = lines[0, 1] * 10.0  # over the running floor, in dB
    first = len(network.get_buffer("slow_bins"))
    below, harmonics = heights[first : first + 64], heights[-3 * 27 :].reshape(3, 27)
    assert abs(below.argmax().item() - 32) <= 2  # 0.45 of 0.36 to 0.54
    assert (harmonics.argmax(dim=1) - 13).abs().max().item() <= 1
    assert harmonics.amax(dim=1).min().item() > 12.0


def test_an_octave_pair_is_found_beside_stronger_hum_without_one() -> None:
    pair = make_line(57.0, 0.05) + make_line(114.0, 0.04)
    lines, _, numbers = build().describe(
        as_windows(draw_noise() + pair + make_line(50.3, 1.0), draw_noise() + make_line(50.3, 1.0))
    )

    near_pair = (lines[:, 1] * 10.0)[:, -3 * 27 - 3 * 9 : -3 * 27].reshape(2, 3, 9)
    assert (near_pair[0, :2].argmax(dim=1) - 4).abs().max().item() <= 1
    scores_db = numbers[:, -2] * 10.0
    assert scores_db[0].item() > scores_db[1].item() + 5.0


def test_bursts_rise_over_the_frames_and_a_steady_tone_does_not() -> None:
    burst = np.zeros(N)
    for at in (9_000, 41_000, 77_000):
        burst[at : at + 164] += 8 * np.hanning(164) * np.sin(2 * np.pi * 2000 / RATE_HZ * np.arange(164))
    noise = draw_noise()
    _, _, numbers = build().describe(as_windows(noise, noise + burst, noise + make_line(1900.0, 3.0)))

    loudest_db = numbers[:, 2] * 10.0
    assert (loudest_db[1] - loudest_db[0]).item() > 5.0
    assert (loudest_db[2] - loudest_db[0]).item() < 1.0


def test_a_gain_leaves_the_logits_alone() -> None:
    network, signal = build(), draw_noise() + make_line(60.0, 0.1)
    logits = network(as_windows(signal, 0.25 * signal, 4.0 * signal))
    torch.testing.assert_close(logits[1:], logits[:1].expand(2, -1), rtol=1e-4, atol=1e-4)


def test_onnx_gives_the_same_logits_within_half_a_megabyte() -> None:
    network = build()
    exported = export_onnx(network, n_samples=N)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    windows = as_windows(draw_noise(1), draw_noise(2) + make_line(60.0, 1.0), draw_noise(3))

    (found,) = session.run(None, {"windows": windows.numpy()})
    np.testing.assert_allclose(found, network(windows).detach().numpy(), atol=1e-4)
    assert len(exported) <= 500_000


def test_the_front_end_has_no_state_of_its_own() -> None:
    network = build()
    learned = sum(value.numel() for name, value in network.named_parameters())
    stored = sum(value.numel() for name, value in network.state_dict().items())
    assert learned < 60_000
    assert stored < learned + 200  # the running statistics of four normalisations


def test_a_shaft_range_the_wrong_way_round_still_builds() -> None:
    network = build_spectral_net(
        n_samples=4096, n_classes=2, sample_rate_hz=1000.0, lowest_shaft_hz=30.0, highest_shaft_hz=10.0,
        hidden_size=8, dropout=0.0,
    )  # fmt: skip
    assert torch.isfinite(network(as_windows(draw_noise(0, 4096)))).all()
