"""Links to exported files: signed, for one person, for ten minutes."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from services.shared.actors import Actor
from services.shared.derived_keys import KeyPurpose, compute_hmac, derive_key
from utils.clock import utc_now
from utils.constants import DOWNLOAD_LINK_S
from utils.exceptions import AccessDeniedError


@dataclass(frozen=True, slots=True)
class DownloadLink:
    """What a link carries: until when it works (Unix seconds), and the signature over all of it."""

    expires: int
    signature: str


def sign_download(export_id: int, actor: Actor) -> DownloadLink:
    """Return a link's signed part for whoever asks."""
    expires = int(utc_now().timestamp()) + DOWNLOAD_LINK_S
    return DownloadLink(expires, _sign(export_id, actor, expires))


def check_download(export_id: int, actor: Actor, link: DownloadLink) -> None:
    """Refuse a link that is over, was changed, or was made for somebody else.

    Raises:
        AccessDeniedError: It does not open this file for this person now.
    """
    if not hmac.compare_digest(_sign(export_id, actor, link.expires).encode(), link.signature.encode()):
        raise AccessDeniedError("This link is not valid for you. Ask for the download again.")
    rest_s = link.expires - utc_now().timestamp()
    if not 0 < rest_s <= DOWNLOAD_LINK_S + 1:
        raise AccessDeniedError("This link is over; links work for ten minutes. Ask for the download again.")


def _sign(export_id: int, actor: Actor, expires: int) -> str:
    text = f"export:{export_id}:{actor.user_id}:{expires}"
    digest = compute_hmac(derive_key(KeyPurpose.DOWNLOADS), text)
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
