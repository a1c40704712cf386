"""Bearing kinematics against published orders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signal.bearings import (
    BearingEntry,
    BearingGeometry,
    FaultOrders,
    compute_fault_orders,
    find_bearing,
    list_bearings,
    parse_geometry,
    parse_orders,
)
from utils.exceptions import InvalidInputError

# (BPFI, BPFO, FTF, 2 x BSF) as the makers of the recordings publish them; None where they do not.
PUBLISHED = {
    "6205-2RS": (5.4152, 3.5848, 0.39828, 4.7135),
    "6203-2RS": (4.9469, 3.0530, 0.3817, 3.9874),
    "NICE 8x0.235/1.245": (4.755, 3.245, 10.14 / 25, None),
    "PRONOSTIA": (7.39, 5.61, None, None),
    "Rexnord ZA-2115": (296.9 / (2000 / 60), 236.4 / (2000 / 60), None, None),
    "LDK UER204": (196.68 / 40, 123.32 / 40, None, None),
    "ER16K": (5.43, 3.57, None, None),
    "MB ER-10K": (4.948, 3.052, 0.3815, 2 * 1.992),
    "MAFAULDA": (5.0020, 2.9980, 0.3750, 2 * 1.8710),
}


@pytest.mark.parametrize("designation", PUBLISHED)
def test_a_listed_bearing_has_its_published_orders(designation: str) -> None:
    entry = find_bearing(designation)
    assert entry is not None
    ours = (entry.orders.bpfi, entry.orders.bpfo, entry.orders.ftf, 2 * entry.orders.bsf)
    for value, published in zip(ours, PUBLISHED[designation], strict=True):
        assert published is None or value == pytest.approx(published, rel=1e-3)


def test_every_bearing_of_the_catalogue_is_checked_and_names_its_source() -> None:
    assert {entry.designation for entry in list_bearings()} == set(PUBLISHED)
    assert all(len(entry.source) > 20 for entry in list_bearings())


def test_no_two_bearings_share_a_name() -> None:
    for entry in list_bearings():
        assert all(find_bearing(name) is entry for name in (entry.designation, *entry.aliases))


geometries = st.builds(
    lambda n, fill, phi: BearingGeometry(n, fill * 30.0, 100.0, phi),
    st.integers(3, 10),
    st.floats(0.05, 1.0),
    st.floats(0.0, 40.0),
)


@given(geometries)
def test_inner_and_outer_race_share_out_the_rolling_elements(geometry: BearingGeometry) -> None:
    orders = compute_fault_orders(geometry)
    assert orders.bpfo + orders.bpfi == pytest.approx(geometry.n_rolling_elements)
    assert orders.bpfo == pytest.approx(geometry.n_rolling_elements * orders.ftf)
    assert 0.0 < orders.ftf < 0.5 < orders.bpfo < orders.bpfi


def test_the_contact_angle_enters_by_its_cosine() -> None:
    slanted = compute_fault_orders(BearingGeometry(10, 10.0, 50.0, 60.0))
    straight = compute_fault_orders(BearingGeometry(10, 5.0, 50.0, 0.0))
    assert slanted.bpfo == pytest.approx(straight.bpfo)
    assert slanted.bsf == pytest.approx(straight.bsf / 2)


@pytest.mark.parametrize(
    "spelling",
    [
        "6205",
        "6205-2RS",
        "6205 2rs",
        "62052RS",
        "SKF 6205-2RS JEM",
        "6205-2RS JEM SKF",
        "skf_6205",
        "SKF 6205-2RS (drive end)",
        "6205-2RSH/C3",
        "6205-ZZ",
        "6205-Z",
        "FAG 6205-2Z-C3",
    ],
)
def test_a_bearing_is_found_by_any_usual_spelling(spelling: str) -> None:
    entry = find_bearing(spelling)
    assert entry is not None
    assert entry.designation == "6205-2RS"


@pytest.mark.parametrize(
    ("spelling", "designation"),
    [
        ("NICE 8x0.235/1.245", "NICE 8x0.235/1.245"),
        ("nice", "NICE 8x0.235/1.245"),
        ("ZA2115", "Rexnord ZA-2115"),
        ("UER-204", "LDK UER204"),
        ("pronostia", "PRONOSTIA"),
        ("SKF 6203-2RS", "6203-2RS"),
    ],
)
def test_other_bearings_are_found_too(spelling: str, designation: str) -> None:
    entry = find_bearing(spelling)
    assert entry is not None
    assert entry.designation == designation


@pytest.mark.parametrize(
    "spelling", ["", "  ", "7205", "16205", "62050", "6205B", "620", "SKF", "both healthy", "C3"]
)
def test_another_bearing_is_not_taken_for_one(spelling: str) -> None:
    assert find_bearing(spelling) is None


def test_a_geometry_is_read_as_the_command_line_writes_it() -> None:
    assert parse_geometry("n=9,d=7.94,D=39.04,phi=0") == BearingGeometry(9, 7.94, 39.04, 0.0)
    assert parse_geometry(" n = 9; d = 7.94 ; D=39.04 ") == BearingGeometry(9, 7.94, 39.04, 0.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "n, d, D missing"),
        ("n=9,d=7.94", "D missing"),
        ("n=9,d=7.94,D=x", "no number"),
        ("n=9,d=7.94,D=39,z=3", "'z=3' is not understood"),
        ("n=9,n=9,d=7.94,D=39", "not understood"),
        ("n=9.5,d=7.94,D=39.04", "whole number"),
        ("n=2,d=7.94,D=39.04", "three rolling elements"),
        ("n=9,d=39.04,D=7.94", "smaller than the pitch"),
        ("n=9,d=0,D=7.94", "above 0"),
        ("n=9,d=nan,D=7.94", "above 0"),
        ("n=9,d=7.94,D=39.04,phi=90", "contact angle"),
        ("n=30,d=7.94,D=39.04", "do not fit"),
        ("n=inf,d=7.94,D=39.04", "whole number"),
        ("n=nan,d=7.94,D=39.04", "whole number"),
    ],
)
def test_a_wrong_geometry_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        parse_geometry(text)


def test_orders_are_read_as_the_command_line_writes_them() -> None:
    assert parse_orders("bpfo=3.58,bpfi=5.42,BSF=2.36,ftf=0.398") == FaultOrders(3.58, 5.42, 2.36, 0.398)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bpfo=3.58", "bpfi, bsf, ftf missing"),
        ("bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=0", "above 0"),
        ("bpfo=3.58,bpfi=5.42,bsf=2.36,ftf=inf", "above 0"),
        ("3.58,5.42", "not understood"),
    ],
)
def test_wrong_orders_are_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        parse_orders(text)


def test_an_entered_bearing_is_found_by_its_spellings_before_the_catalogue() -> None:
    geometry = BearingGeometry(9, 12.7, 57.5)
    own = BearingEntry("Mill 22/7", (), geometry, compute_fault_orders(geometry), "drawing 4711")
    assert find_bearing("mill-22 7 2RS", [own]) is own
    assert find_bearing("Mill 22/7") is None
    assert find_bearing("6205", [own]) is find_bearing("6205")
