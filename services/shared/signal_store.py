"""From a signal's row to its samples."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import numpy as np

from core.datasets.store import SignalView, open_signal
from dashboard_config import get_settings
from database.connection import get_db_session
from models.recording import Signal
from utils.clock import utc_now
from utils.exceptions import DataDamagedError
from utils.logger import setup_logger

logger = setup_logger(__name__)

DAMAGED_FLAG = "damaged"


def open_signal_view(signal: Signal) -> SignalView:
    """Open a signal by memory map; nothing is loaded that is not asked for.

    Raises:
        DataDamagedError: The stored file is missing or broken; the signal's row is flagged, so that its
            dataset shows it.
    """
    place = PurePosixPath(signal.shard)
    try:
        return open_signal(get_settings().signals_dir / place.parent, place.name, signal.sha256)
    except DataDamagedError as error:
        if not any(flag["name"] == DAMAGED_FLAG for flag in signal.quality):
            flag_damaged(signal.id, error.sentence)
        raise


def load_samples(signal: Signal) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return all samples of a signal, as a read-only float32 view of the stored file."""
    return open_signal_view(signal).read()


def flag_damaged(signal_id: int, sentence: str) -> None:
    """Note on a signal's row that its stored samples are broken, so that its dataset shows it."""
    flag = {"name": DAMAGED_FLAG, "severity": "error", "sentence": sentence}
    with get_db_session() as session:
        row = session.get(Signal, signal_id, with_for_update=True)
        if row is None or any(known["name"] == DAMAGED_FLAG for known in row.quality):
            return
        logger.error("stored signal damaged", extra={"signal_id": row.id, "shard": row.shard})
        row.quality = [flag, *row.quality]
        row.damaged_at = utc_now()
        session.commit()
