"""Passwords: what is accepted, and how one is hashed and checked."""

from __future__ import annotations

import base64
import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import bcrypt

from services.shared.derived_keys import KeyPurpose, compute_hmac, derive_key
from utils.exceptions import InvalidInputError, ServiceUnavailableError

ROUNDS = 12
MIN_CHARACTERS = 15
MAX_CHARACTERS = 128
HASHES_AT_ONCE = 2
_WAITING_HASHES = 4
_MAX_BYTES = 4096
_MIN_DISTINCT = 5
_MIN_OWN_CHARACTERS = 8
_SHORTEST_RUN = 4
_WORDS_FILE = Path(__file__).with_name("refused_passwords.json")


_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_LEET = str.maketrans("01345@$!", "oleasasi")

_running = threading.BoundedSemaphore(HASHES_AT_ONCE)
_admitted = threading.BoundedSemaphore(HASHES_AT_ONCE + _WAITING_HASHES)


class HashingBusyError(ServiceUnavailableError):
    """More sign-ins at once than this process checks; none was counted."""


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Admit the caller to bcrypt: two at once, four waiting, the rest refused.

    The bound keeps threads free for everything else while passwords are being guessed.
    """
    if not _admitted.acquire(blocking=False):
        raise HashingBusyError("Many people sign in right now. Try again in a few seconds.")
    try:
        with _running:
            yield
    finally:
        _admitted.release()


def _prepare(password: str) -> bytes:
    """Return 44 characters for bcrypt, which would cut longer ones: base64(HMAC(pepper, NFC(password)))."""
    text = unicodedata.normalize("NFC", password)
    return base64.b64encode(compute_hmac(derive_key(KeyPurpose.PASSWORDS), text))


def hash_password(password: str) -> str:
    """Return the bcrypt hash of a password. Call inside `hashing_slot`."""
    return bcrypt.hashpw(_prepare(password), bcrypt.gensalt(ROUNDS)).decode()


def check_password(password: str, stored_hash: str | None) -> bool:
    """Tell whether ``password`` has ``stored_hash``; None takes as long and is False.

    Call inside `hashing_slot`.
    """
    # A well-formed hash that no password has: checking against it takes as long as against a real one.
    nobodys_hash = f"$2b${ROUNDS:02}${'.' * 53}"
    matches = bcrypt.checkpw(_prepare(password), (stored_hash or nobodys_hash).encode())
    return matches and stored_hash is not None


def is_weak_hash(stored_hash: str) -> bool:
    """Tell whether a hash was made with fewer rounds than today's."""
    found = re.match(r"\$2[aby]\$(\d\d)\$", stored_hash)
    return found is None or int(found.group(1)) < ROUNDS


def count_characters(text: str) -> int:
    """Count characters as a person sees them: a family emoji or a letter with its accents is one."""
    count, joined = 0, False
    for character in unicodedata.normalize("NFC", text):
        extends = (
            character in _JOINERS
            or unicodedata.category(character).startswith("M")
            or ord(character) in _SKIN_TONES
        )
        count += not (extends or joined)
        joined = character == "\u200d"
    return count


@lru_cache(maxsize=1)
def _load_words() -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    words = json.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return frozenset(words["common"]), frozenset(words["product"]), tuple(words["rows"])


def require_good_password(password: str, *, personal: tuple[str, ...] = ()) -> None:
    """Raise `InvalidInputError` with the reason where a password is too easy to guess.

    There are no composition rules: length counts, and what is left when well-known words, names, rows of
    keys and repetitions are taken away.

    Args:
        password: As typed.
        personal: The person's e-mail address and name; they don't count either.
    """
    length = count_characters(password)
    if length < MIN_CHARACTERS:
        raise InvalidInputError(
            f"The password has {length} characters; it needs at least {MIN_CHARACTERS}. "
            "Several unrelated words make a good one."
        )
    if length > MAX_CHARACTERS or len(password.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
        raise InvalidInputError(f"The password has {length} characters; {MAX_CHARACTERS} is the most.")
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(set(plain)) < _MIN_DISTINCT or _repeats(plain):
        raise InvalidInputError(
            "The password repeats the same few characters. Choose something less regular."
        )
    _refuse_well_known(plain, personal)


def _repeats(text: str) -> bool:
    """Tell whether the text is a short piece over and over."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _refuse_well_known(plain: str, personal: tuple[str, ...]) -> None:
    common, product, rows = _load_words()
    own = {part for text in personal for part in re.findall(r"\w{3,}", text.casefold())}
    removed: list[str] = []
    rest = _strip_words(_strip_runs(plain, rows, removed), common | product | own, removed)
    letters = re.sub(r"[\W_]", "", rest)
    if removed and len(letters) < _MIN_OWN_CHARACTERS:
        kind = (
            "your name or address"
            if own & set(removed)
            else "this product's words"
            if product & set(removed)
            else "well-known passwords"
        )
        raise InvalidInputError(
            f"The password is mostly made of {kind} ({', '.join(sorted(set(removed), key=len)[-3:])}), "
            "which are guessed first. Choose other words."
        )


def _strip_runs(text: str, rows: tuple[str, ...], removed: list[str]) -> str:
    """Take rows of keys and sequences (1234, qwert, either way round) out of ``text``."""
    pieces = {
        piece
        for row in rows
        for line in (row, row[::-1])
        for piece in (line[i : i + _SHORTEST_RUN] for i in range(len(line) - _SHORTEST_RUN + 1))
    }
    marked = [False] * len(text)
    for start in range(len(text) - _SHORTEST_RUN + 1):
        piece = text[start : start + _SHORTEST_RUN]
        if piece in pieces or len(set(piece)) == 1:
            marked[start : start + _SHORTEST_RUN] = [True] * _SHORTEST_RUN
            removed.append(piece)
    return "".join(" " if taken else character for character, taken in zip(text, marked, strict=True))


def _strip_words(text: str, words: frozenset[str], removed: list[str]) -> str:
    """Take listed words out of ``text``, the longest first, also where digits stand for letters."""
    for word in sorted(words, key=len, reverse=True):
        while (at := _find_word(text, word)) >= 0:
            removed.append(word)
            text = text[:at] + " " * len(word) + text[at + len(word) :]
    return text


def _find_word(text: str, word: str) -> int:
    at = text.find(word)
    return at if at >= 0 else text.translate(_LEET).find(word)
