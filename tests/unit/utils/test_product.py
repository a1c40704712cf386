"""The version that stands in results."""

from __future__ import annotations

import re
from pathlib import Path

from utils.product import hash_code, name_product


def test_the_version_is_a_semantic_one_with_the_codes_digest() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[a-z]+)?\+[0-9a-f]{12}", name_product())


def test_the_digest_follows_text_and_names_of_the_source_alone(tmp_path: Path) -> None:
    folder = tmp_path / "core" / "deep"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("A = 1\n")
    first = hash_code(tmp_path, ("core",))
    (folder / "one.pyc").write_text("compiled")
    (tmp_path / "elsewhere.py").write_text("B = 1\n")
    assert hash_code(tmp_path, ("core",)) == first
    (folder / "one.py").write_text("A = 2\n")
    changed = hash_code(tmp_path, ("core",))
    (folder / "one.py").rename(folder / "two.py")
    assert len({first, changed, hash_code(tmp_path, ("core",))}) == 3
