"""How torch computes while a training runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def use_numerics(seed: int, *, deterministic: bool) -> Iterator[None]:
    """Seed torch and, where asked to, take deterministic algorithms; the caller's state comes back."""
    was_on, warned = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    chose_quickest = torch.backends.cudnn.benchmark
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(deterministic, warn_only=True)
        torch.backends.cudnn.benchmark = not deterministic
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(was_on, warn_only=warned)
            torch.backends.cudnn.benchmark = chose_quickest
