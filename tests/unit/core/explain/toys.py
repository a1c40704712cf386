"""Networks that look at one known thing, and windows in which other things are louder."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.explain.explainable import Explainable, build_from_network
from core.signal.bearings import FaultOrders
from core.training.conditions import build_conditions

RATE_HZ = 1024.0
N_SAMPLES = 1024
SHAFT_HZ = 60.0
# SKF 6205.
ORDERS = FaultOrders(bpfo=3.5848, bpfi=5.4152, bsf=2.35675, ftf=0.39828)
SLOW_SHAFT_HZ = 10.0
RESONANCE_HZ = (200.0, 330.0)
BPFO_HZ = ORDERS.bpfo * SLOW_SHAFT_HZ


class LineNetwork(torch.nn.Module):
    """Two classes apart by the power of one line: long sine and cosine filters, squared, then the mean."""

    def __init__(self, line_hz: float, gain: float) -> None:
        super().__init__()
        time_s = np.arange(-300, 301) / RATE_HZ
        window = np.hanning(time_s.size)
        waves = (
            np.stack([np.cos(2 * np.pi * line_hz * time_s), np.sin(2 * np.pi * line_hz * time_s)]) * window
        )
        self.conv = torch.nn.Conv1d(1, 2, time_s.size, stride=8, padding=300, bias=False)
        self.conv.weight.data = torch.from_numpy((waves * 2.0 / window.sum()).astype(np.float32))[:, None]
        self.gain = gain

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Logits ``(n, 2)``."""
        power = self.conv(windows[:, None]).square().sum(1).mean(1)
        apart = self.gain * power
        return torch.stack([torch.zeros_like(apart), apart], dim=1)


class ModulationNetwork(torch.nn.Module):
    """Two classes apart by how far the power of a resonance swings at one frequency."""

    def __init__(self, line_hz: float, gain: float) -> None:
        super().__init__()
        time_s = np.arange(N_SAMPLES) / RATE_HZ
        self.register_buffer("cosine", torch.from_numpy(np.cos(2 * np.pi * line_hz * time_s)).float())
        self.register_buffer("sine", torch.from_numpy(np.sin(2 * np.pi * line_hz * time_s)).float())
        frequencies_hz = np.fft.rfftfreq(N_SAMPLES, 1.0 / RATE_HZ)
        inside = (frequencies_hz >= RESONANCE_HZ[0]) & (frequencies_hz <= RESONANCE_HZ[1])
        self.register_buffer("inside", torch.from_numpy(inside).float())
        self.gain = gain

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Logits ``(n, 2)``."""
        band = torch.fft.irfft(torch.fft.rfft(windows) * self.inside, n=N_SAMPLES)
        power = band.square() - band.square().mean(1, keepdim=True)
        apart = self.gain * ((power @ self.cosine).square() + (power @ self.sine).square()) / N_SAMPLES**2
        return torch.stack([torch.zeros_like(apart), apart], dim=1)


def draw_lines(n_windows: int, seed: int = 0) -> NDArray[np.float64]:
    """Draw noise with a line at 1X and louder ones at 2X, 3X and a place of no meaning."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    windows = 0.5 * rng.standard_normal((n_windows, N_SAMPLES))
    for line_hz, amplitude in ((SHAFT_HZ, 1.0), (2 * SHAFT_HZ, 1.5), (3 * SHAFT_HZ, 1.2), (407.3, 1.5)):
        windows += amplitude * np.sin(2 * np.pi * (line_hz * time_s + rng.random((n_windows, 1))))
    return windows


def draw_modulated(n_windows: int, seed: int = 0) -> NDArray[np.float64]:
    """Draw a resonance that swings at the outer race's frequency, and more at two others, under noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(N_SAMPLES) / RATE_HZ
    swings = [(BPFO_HZ, 0.3), (28.0, 0.4), (ORDERS.bpfi * SLOW_SHAFT_HZ, 0.4)]
    envelope = 1.0 + sum(
        depth * np.cos(2 * np.pi * (line_hz * time_s + rng.random((n_windows, 1))))
        for line_hz, depth in swings
    )
    carrier = np.sin(2 * np.pi * (265.0 * time_s + rng.random((n_windows, 1))))
    return envelope * carrier + 0.2 * rng.standard_normal((n_windows, N_SAMPLES))


def build_line_toy(n_windows: int = 2) -> Explainable:
    """A network that looks at 1X only; class 1 is imbalance."""
    return build_from_network(
        LineNetwork(SHAFT_HZ, 12.0),
        draw_lines(n_windows),
        RATE_HZ,
        ("healthy", "imbalance"),
        conditions=build_conditions(60.0 * SHAFT_HZ),
        healthy_windows=np.random.default_rng(7).standard_normal((4, N_SAMPLES)),
    )


def build_modulation_toy(n_windows: int = 2) -> Explainable:
    """A network that looks at the modulation of a resonance at BPFO only; class 1 is the outer race."""
    return build_from_network(
        ModulationNetwork(BPFO_HZ, 60.0),
        draw_modulated(n_windows),
        RATE_HZ,
        ("healthy", "outer_race"),
        conditions=build_conditions(60.0 * SLOW_SHAFT_HZ, ORDERS),
    )
