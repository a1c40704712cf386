"""Which product and which libraries judged a recording."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from core.networks.registry import get_network_spec
from utils.product import name_product

_ALWAYS: Final = ("numpy", "scipy")
# What models of a family are run by.
_BY_FAMILY: Final = {
    "network": ("torch",),
    "classical": ("scikit-learn",),
    "ensemble": ("torch", "scikit-learn"),
}


def list_versions(network: str | None) -> dict[str, str]:
    """Return the versions of the product and of the libraries that judge; ``network`` is the classifier's.

    None: none was asked.
    """
    asked = () if network is None else _BY_FAMILY[get_network_spec(network).family]
    return {"product": name_product(), **{name: version(name) for name in (*_ALWAYS, *asked)}}
