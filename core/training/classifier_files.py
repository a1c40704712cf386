"""The two files of a classifier, each checked by its hash: a card of plain values, and its arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from core.training.checkpoints import decode_document, encode_document, sync_folder, write_temporary
from utils.exceptions import DataDamagedError, NotFoundError

CARD_NAME = "classifier.json"


def write_files(folder: Path, arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> None:
    """Write the arrays, then the card, so that a half-written classifier can't load.

    Raises
    ------
    OSError
        The disk refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = encode_document(arrays, {})
    digest = hashlib.sha256(weights).hexdigest()
    weights_path = folder / f"weights-{digest[:16]}.safetensors"
    write_temporary(weights_path, weights).replace(weights_path)
    complete = {**card, "weights_file": weights_path.name, "weights_sha256": digest}
    complete["card_sha256"] = _hash_card(complete)
    text = json.dumps(complete, indent=1, sort_keys=True)
    write_temporary(folder / CARD_NAME, text.encode()).replace(folder / CARD_NAME)
    sync_folder(folder)
    for other in folder.glob("weights-*"):
        if other != weights_path:
            other.unlink()


def read_digest(folder: Path) -> str:
    """Return the SHA-256 that names the classifier in ``folder``, card and weights together.

    Raises
    ------
    NotFoundError
        There is no classifier in ``folder``.
    DataDamagedError
        Its card is not what was saved.
    """
    return str(read_card(folder)["card_sha256"])


def read_card(folder: Path) -> dict[str, Any]:
    """Read the card; errors as in `read_digest`."""
    try:
        card: dict[str, Any] = json.loads((folder / CARD_NAME).read_text())
    except FileNotFoundError as error:
        raise NotFoundError("There is no trained classifier here.") from error
    except ValueError as error:
        raise DataDamagedError("The classifier's card can't be read any more.") from error
    if not isinstance(card, dict) or card.get("card_sha256") != _hash_card(card):
        raise DataDamagedError("The classifier's card no longer matches its hash.")
    return card


def read_weights(folder: Path, card: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Read the arrays that a card names.

    Raises
    ------
    DataDamagedError
        They are gone or not what was saved.
    """
    try:
        content = (folder / card["weights_file"]).read_bytes()
    except FileNotFoundError as error:
        raise DataDamagedError("The classifier's weights are gone.") from error
    if hashlib.sha256(content).hexdigest() != card["weights_sha256"]:
        raise DataDamagedError("The classifier's weights no longer match their hash.")
    return decode_document(content)[0]


def _hash_card(card: Mapping[str, Any]) -> str:
    content = {name: value for name, value in card.items() if name != "card_sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
