"""Networks with a spectral front end."""

from __future__ import annotations

from core.networks.specs import NetworkSpec

SPECTRAL_SPECS: tuple[NetworkSpec, ...] = ()
