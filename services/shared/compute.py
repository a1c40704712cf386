"""How many threads numeric libraries may take in this process."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from dashboard_config import get_settings


def limit_compute_threads() -> None:
    """Load the numeric libraries and hold each to ``TORCH_THREADS``.

    Two processes that each use all cores are ten times slower than one. Called once by every process that
    computes, before its first job; never by the web process, which must not load torch.
    """
    import torch

    threads = get_settings().torch_threads
    torch.set_num_threads(threads)
    threadpool_limits(limits=threads)
