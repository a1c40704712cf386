"""Passwords: what is accepted, and the hash against one made step by step."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import unicodedata
from pathlib import Path

import bcrypt
import pytest

from dashboard_config import Settings, get_secret_key
from services.shared import passwords
from utils.exceptions import InvalidInputError

GOOD = "violet kettle over quiet harbours"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)


def test_twelve_rounds_are_the_products_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert passwords.ROUNDS == 12


def test_the_hash_is_bcrypt_of_base64_of_hmac_of_the_normalised_password() -> None:
    pepper = hmac.new(get_secret_key(), b"lstm-pfd:passwords:v1", hashlib.sha256).digest()
    text = unicodedata.normalize("NFC", "Ame\u0301lie und die Kugellager")
    expected = base64.b64encode(hmac.new(pepper, text.encode(), hashlib.sha256).digest())
    stored = passwords.hash_password("Amélie und die Kugellager")
    assert bcrypt.checkpw(expected, stored.encode())


@pytest.mark.parametrize("tail", ["a", "b"])
def test_characters_after_bcrypts_72nd_count(tail: str) -> None:
    stored = passwords.hash_password("x" * 100 + "a")
    assert passwords.check_password("x" * 100 + tail, stored) is (tail == "a")


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    stored = passwords.hash_password("Ame\u0301lie und die Kugellager")
    assert passwords.check_password("Am\u00e9lie und die Kugellager", stored)


def test_nobodys_password_matches_nothing() -> None:
    assert not passwords.check_password("", None)


def test_a_hash_of_fewer_rounds_is_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = passwords.hash_password(GOOD)
    assert not passwords.is_weak_hash(stored)
    monkeypatch.setattr(passwords, "ROUNDS", 5)
    assert passwords.is_weak_hash(stored)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x7Kq9 zR2vLm4 pT",
        "839201847563920",
        "pässwörtér sind überflüssig",
        "".join(chr(0x1F400 + 3 * i) for i in range(64)),
        "👩‍👩‍👧‍👦🧑🏽‍🚀🏳️‍🌈👍🏿" * 2 + "".join(chr(0x1F400 + i) for i in range(56)),
        "horse-drawn clouds above the admin building",
        "q" + "".join(chr(0x4E00 + i) for i in range(127)),
    ],
)
def test_long_unusual_passwords_are_accepted(password: str) -> None:
    passwords.require_good_password(password, personal=("jane@example.org", "Jane Doe"))


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "5 characters"),
        ("fourteen chars", "at least 15"),
        ("👩‍👩‍👧‍👦" * 14, "14 characters"),
        ("".join(chr(0x4E00 + i) for i in range(129)), "128 is the most"),
        ("aaaaaaaaaaaaaaaaaaaa", "repeats"),
        ("abcabcabcabcabcabc", "repeats"),
        ("gnarlywhale7gnarlywhale7", "repeats"),
        ("password12345678", "well-known"),
        ("P@ssw0rd-P@ssw0rd!1", "well-known"),
        ("qwertyuiopasdfghjkl", "well-known"),
        ("zyxwvutsrqponmlkj", "well-known"),
        ("letmein letmein 2024", "well-known"),
        ("LSTM-PFD-dashboard-1", "this product's words"),
        ("BearingFaultDiagnosis", "this product's words"),
        ("admin@vibration2025", "this product's words"),
        ("jane.doe@example.org", "your name"),
        ("JaneDoeJaneDoeJane1", "your name"),
    ],
)
def test_easily_guessed_passwords_are_refused_with_the_reason(password: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        passwords.require_good_password(password, personal=("jane.doe@example.org", "Jane Doe"))


def test_every_listed_word_stretched_to_the_length_is_refused() -> None:
    path = Path(passwords.__file__).with_name("refused_passwords.json")
    words = json.loads(path.read_text(encoding="utf-8"))
    for word in (*words["common"], *words["product"]):
        with pytest.raises(InvalidInputError):
            passwords.require_good_password(f"{word}1!" + "98765432198765")


def test_a_password_of_broken_surrogates_makes_no_error_page() -> None:
    passwords.check_password("\ud800" * 20, None)
    passwords.require_good_password("\ud800" + GOOD)


def test_at_most_two_hash_at_once_and_those_beyond_the_queue_are_refused_at_once() -> None:
    inside, most, together = threading.Semaphore(0), [], []
    leave = threading.Event()
    count, lock = [0], threading.Lock()

    def use_a_slot() -> None:
        with passwords.hashing_slot():
            with lock:
                count[0] += 1
                most.append(count[0])
            inside.release()
            leave.wait(5)
            with lock:
                count[0] -= 1

    threads = [threading.Thread(target=use_a_slot) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert inside.acquire(timeout=5)
    assert inside.acquire(timeout=5)
    deadline = threading.Event()
    for _ in range(100):
        try:
            with passwords.hashing_slot():
                together.append("admitted")
            break
        except passwords.HashingBusyError as error:
            together.append(error.code)
            if len(together) > 3:
                break
        deadline.wait(0.01)
    leave.set()
    for thread in threads:
        thread.join(5)
    assert max(most) == 2
    assert "unavailable" in together
