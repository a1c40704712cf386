"""What an extraction is asked for, and the name under which its values are found again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.features.registry import FEATURES_VERSION
from core.features.specs import Domain
from utils.exceptions import InvalidInputError

DOMAINS = ("all", *(domain.value for domain in Domain))
MAX_WINDOWS_PER_SIGNAL = 2000
_LONGEST_S = 3600.0
_MAX_CHANNEL = 60


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """A checked request.

    Attributes:
        domain: "all" or one domain.
        window_s: Length of a window.
        hop_s: From one window's start to the next.
        channel: Only signals of this channel; None: every one.
        analysis_rate_hz: Every signal is brought to this rate; None: the lowest of the chosen signals.
        max_windows_per_signal: At most so many windows, spread evenly over a signal.
    """

    domain: str = "all"
    window_s: float = 1.0
    hop_s: float = 1.0
    channel: str | None = None
    analysis_rate_hz: float | None = None
    max_windows_per_signal: int = 200

    def describe(self) -> dict[str, Any]:
        """Return the fields as plain data, with the version of the features' meaning."""
        return {**asdict(self), "features_version": FEATURES_VERSION}


def parse_config(domain: str, given: Mapping[str, Any] | None) -> FeatureConfig:
    """Check a request.

    Raises:
        InvalidInputError: An unknown domain or field, or a value that can't be.
    """
    fields = dict(given or {})
    if domain not in DOMAINS:
        raise InvalidInputError(f"Unknown domain '{domain}'. Known: {', '.join(DOMAINS)}.")
    unknown = sorted(set(fields) - set(asdict(FeatureConfig())) | {"domain"} & set(fields))
    if unknown:
        known = ", ".join(name for name in asdict(FeatureConfig()) if name != "domain")
        raise InvalidInputError(f"'{unknown[0]}' is not a setting of an extraction. Known: {known}.")
    window_s = _read_number(fields, "window_s", 1.0)
    rate = fields.get("analysis_rate_hz")
    return FeatureConfig(
        domain=domain,
        window_s=window_s,
        hop_s=_read_number(fields, "hop_s", window_s),
        channel=_read_channel(fields.get("channel")),
        analysis_rate_hz=None if rate in (None, "") else _read_number(fields, "analysis_rate_hz", 0.0, 1e8),
        max_windows_per_signal=_read_count(fields.get("max_windows_per_signal")),
    )


def hash_config(described: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a description in its canonical form."""
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read_number(fields: Mapping[str, Any], name: str, default: float, largest: float = _LONGEST_S) -> float:
    value = fields.get(name)
    if value in (None, ""):
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and 0 < number <= largest):
        raise InvalidInputError(f"{name} must be a number above 0 and at most {largest:g}.")
    return number


def _read_channel(value: Any) -> str | None:
    if value in (None, ""):
        return None
    if not isinstance(value, str) or len(value) > _MAX_CHANNEL or not value.isprintable():
        raise InvalidInputError("channel must be the name of a channel.")
    return value


def _read_count(value: Any) -> int:
    if value in (None, ""):
        return FeatureConfig().max_windows_per_signal
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_WINDOWS_PER_SIGNAL:
        raise InvalidInputError(
            f"max_windows_per_signal must be a whole number from 1 to {MAX_WINDOWS_PER_SIGNAL}."
        )
    return value
