"""Plain names for what a User-Agent header says, shown in the list of a person's sessions."""

from __future__ import annotations

# The first mark that is found counts: Edge and Opera also call themselves Chrome, Chrome calls itself Safari.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
_DEVICES = (("iPad", "tablet"), ("Tablet", "tablet"), ("Mobi", "phone"), ("Mozilla/", "desktop"))


def name_browser(user_agent: str | None) -> str | None:
    """Return the browser's name, or None where it is not one of the usual."""
    return _first(_BROWSERS, user_agent)


def name_device_type(user_agent: str | None) -> str | None:
    """Return ``desktop``, ``phone`` or ``tablet``, or None for what is no browser."""
    return _first(_DEVICES, user_agent)


def _first(marks: tuple[tuple[str, str], ...], user_agent: str | None) -> str | None:
    return next((name for mark, name in marks if mark in (user_agent or "")), None)
