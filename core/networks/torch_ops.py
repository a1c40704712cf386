"""The array operations of `core.features.array_ops`, for torch: gradients flow through them."""

from __future__ import annotations

from typing import Any

import torch


class TorchOps:
    """`ArrayOps` of torch on one device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def rfft(self, values: Any) -> Any:
        """Transform real values."""
        return torch.fft.rfft(values)

    def ifft(self, values: Any, n_samples: int) -> Any:
        """Transform complex values back, zeros behind them up to ``n_samples``."""
        # Padded as real numbers: ONNX can't pad complex ones.
        parts = torch.view_as_real(values)
        padded = torch.nn.functional.pad(parts, (0, 0, 0, n_samples - parts.shape[-2]))
        return torch.fft.ifft(torch.view_as_complex(padded))

    def median(self, values: Any) -> Any:
        """Median, the lower one of two, the axis dropped."""
        if torch.compiler.is_exporting():  # ONNX knows sorting, but no median
            return torch.sort(values, dim=-1).values[..., (values.shape[-1] - 1) // 2]
        return torch.median(values, dim=-1).values

    def single(self, values: Any) -> Any:
        """Round to single precision."""
        return values.float()

    def cumsum(self, values: Any) -> Any:
        """Add up, in double precision."""
        return torch.cumsum(values, dim=-1, dtype=torch.float64)

    def take(self, values: Any, indices: Any) -> Any:
        """Take per row."""
        shape = torch.broadcast_shapes(  # type: ignore[no-untyped-call]  # torch leaves it untyped
            values.shape[:-1], indices.shape[:-1]
        )
        return torch.gather(
            values.expand(*shape, values.shape[-1]), -1, indices.expand(*shape, indices.shape[-1])
        )

    def constant(self, values: Any) -> Any:
        """Copy a numpy array to the device."""
        return torch.from_numpy(values).to(self._device)

    def clip(self, values: Any, lowest: float, highest: float) -> Any:
        """Hold within limits."""
        return torch.clamp(values, lowest, highest)

    def log(self, values: Any) -> Any:
        """Natural logarithm."""
        return torch.log(values)

    def floor(self, values: Any) -> Any:
        """Round down, as integers."""
        return torch.floor(values.detach()).long()

    def where(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Choose per element."""
        return torch.where(condition, then, otherwise)

    def join(self, parts: list[Any], axis: int) -> Any:
        """Put arrays one behind the other."""
        return torch.cat(parts, dim=axis)

    def stack(self, parts: list[Any], axis: int) -> Any:
        """Put arrays side by side."""
        return torch.stack(parts, dim=axis)

    def argmax(self, values: Any) -> Any:
        """Index of the largest, the axis kept."""
        return torch.argmax(values, dim=-1, keepdim=True)

    def max(self, values: Any) -> Any:
        """Largest, the axis dropped."""
        return torch.amax(values, dim=-1)
