"""One process of many that make records and store them: ``python -m core.synthesis.worker_child``.

The first line on its input is the request (JSON); what it has done goes out as a JSON line per signal, at
the end the name of its shard. When its input closes, its parent has gone, and it ends at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.datasets.store import hash_signal, open_signal, write_shard
from core.signal.quality import assess_quality, check_usable
from core.synthesis.configuration import parse_config
from core.synthesis.noise_variants import add_noise
from core.synthesis.oscillators import Float32Array
from core.synthesis.records import list_records, make_record
from utils.exceptions import ErrorCode, LstmPfdError, is_disk_full

Blob = tuple[str, Float32Array]
_NICENESS = 5


def main() -> int:
    """Do the request; 0 on success."""
    with suppress(OSError):
        os.nice(_NICENESS)
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        blobs = _generate(request) if request["op"] == "generate" else _add_noise(request)
        shard = write_shard(Path(request["folder"]), blobs)
    except LstmPfdError as error:
        _tell({"error": {"code": error.code.value, "sentence": error.sentence}})
        return 1
    except OSError as error:
        if not is_disk_full(error):
            raise
        _tell({"error": {"code": ErrorCode.STORAGE_FULL.value, "sentence": "The disk is full."}})
        return 1
    _tell({"shard": shard})
    return 0


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(2)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _generate(request: dict[str, Any]) -> Iterator[Blob]:
    """Make every n-th record of the dataset."""
    config = parse_config(request["config"])
    for fault_class, index in list_records(config)[request["first"] :: request["every"]]:
        record = make_record(config, fault_class, index)
        described = asdict(record)
        channels: dict[str, Float32Array] = described.pop("channels")
        for channel, values in channels.items():
            yield _pass_on({**described, "channel": channel}, values, record.sample_rate_hz)


def _add_noise(request: dict[str, Any]) -> Iterator[Blob]:
    """Make a noisy copy of each stored signal of the list."""
    for item in request["items"]:
        view = open_signal(Path(item["folder"]), item["shard"], item["sha256"])
        values = add_noise(
            view.read(),
            item["sample_rate_hz"],
            item["snr_db"],
            item["colour"],
            sha256=item["sha256"],
            seed=request["seed"],
        )
        yield _pass_on({"number": item["number"]}, values, item["sample_rate_hz"])


def _pass_on(described: dict[str, Any], values: Float32Array, sample_rate_hz: float) -> Blob:
    """Check and hash a signal, tell the parent about it, and hand it to the shard."""
    check_usable(values)
    sha256 = hash_signal(values)
    quality = [
        {**asdict(flag), "severity": str(flag.severity)} for flag in assess_quality(values, sample_rate_hz)
    ]
    _tell({"signal": {**described, "sha256": sha256, "n_samples": len(values), "quality": quality}})
    return sha256, values


if __name__ == "__main__":
    sys.exit(main())
