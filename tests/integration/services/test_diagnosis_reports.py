"""Reports of diagnoses on both databases: the same inputs give the same text, numbers and bytes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from dashboard_config import get_settings
from database.connection import get_db_session
from models.diagnosis import Diagnosis
from services.experiment_service import ExperimentService
from tests.factories.vibrations import RATE_HZ, simulate_rolling

ORDERS = "bpfo=3.5848,bpfi=5.4152,bsf=2.3568,ftf=0.39828"


def diagnose(order: float, *, seed: int = 3, **changes: Any) -> int:
    facts = {"sample_rate_hz": RATE_HZ, "shaft_speed_rpm": 1797.0, "orders": ORDERS, **changes}
    samples = simulate_rolling(order, seed=seed).tolist()
    asked = ExperimentService.request_diagnosis(samples=samples, **facts)
    assert asked["success"], asked["error"]
    assert ExperimentService.run_diagnosis_job(asked["job_id"], "w") == "done"
    return int(asked["diagnosis_id"])


def get_report(diagnosis_id: int) -> dict[str, Any]:
    report = ExperimentService.get_diagnosis_report(diagnosis_id)
    assert report["success"], report["error"]
    return report


def get_section(report: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(section for section in report["sections"] if section["key"] == key)
    return found


def test_a_report_made_again_is_the_same(each_database: object) -> None:
    number = diagnose(5.4152)
    assert get_report(number) == get_report(number)
    json.dumps(get_report(number))


def test_its_files_are_the_same_to_the_byte(database: object) -> None:
    number = diagnose(5.4152)
    for kind, start in (("pdf", b"%PDF-"), ("html", b"<!DOCTYPE html>")):
        first, second = (ExperimentService.export_diagnosis_report(number, kind) for _ in range(2))
        assert first["content"].startswith(start)
        assert first["content"] == second["content"]
        assert first["file_name"] == f"diagnosis-{number}.{kind}"


def test_the_same_question_gives_the_same_content_and_another_one_another(database: object) -> None:
    first, second = get_report(diagnose(5.4152)), get_report(diagnose(5.4152))
    assert first["content_sha256"] == second["content_sha256"]
    assert get_section(second, "similar")["tables"] != get_section(first, "similar")["tables"] == []
    for changed in (
        diagnose(5.4152, seed=4),
        diagnose(3.5848),
        diagnose(5.4152, shaft_speed_rpm=1750.0),
    ):
        assert get_report(changed)["content_sha256"] != first["content_sha256"]


def test_the_lines_of_the_report_are_those_of_the_answer(database: object) -> None:
    number = diagnose(5.4152)
    found = ExperimentService.get_diagnosis(number)
    assert found is not None
    rows = get_section(get_report(number), "lines")["tables"][0]["rows"]
    looked_for = [line["line"] for line in found["answer"]["evidence"]]
    assert [row[0] for row in rows] == list(dict.fromkeys(looked_for))  # two faults may share a line
    drawn = ExperimentService.get_diagnosis_views(number)
    assert drawn is not None
    assert drawn["missing"] is None
    keys = [view["key"] for view in drawn["views"]]
    assert keys[:2] == ["waveform", "spectrum"]
    only = ExperimentService.get_diagnosis_views(number, keys=[keys[-1]])
    assert only is not None
    assert [view["key"] for view in only["views"]] == keys[-1:]


def test_without_its_samples_a_report_says_that_drawings_are_missing(database: object) -> None:
    number = diagnose(5.4152)
    for path in get_settings().diagnoses_dir.glob("*.f32"):
        path.unlink()
    section = get_section(get_report(number), "drawings")
    assert section["figures"] == []
    assert "There are no drawings" in section["warnings"][0][1]


def test_damaged_samples_are_never_drawn(database: object) -> None:
    number = diagnose(5.4152)
    for path in get_settings().diagnoses_dir.glob("*.f32"):
        values = np.fromfile(path, dtype="<f4")
        values[0] += 1
        values.tofile(path)
    assert get_section(get_report(number), "drawings")["figures"] == []


def test_there_is_no_report_of_nothing(database: object) -> None:
    missing = ExperimentService.get_diagnosis_report(77)
    assert (missing["success"], missing["error_code"]) == (False, "not_found")
    asked = ExperimentService.request_diagnosis(samples=[0.0] * 50 + [1.0], sample_rate_hz=RATE_HZ)
    waiting = ExperimentService.get_diagnosis_report(asked["diagnosis_id"])
    assert (waiting["success"], waiting["error_code"]) == (False, "conflict")
    assert "not finished yet" in waiting["error"]
    assert ExperimentService.get_diagnosis_views(asked["diagnosis_id"]) is None
    assert ExperimentService.get_diagnosis_views(77) is None


def test_an_answer_of_an_older_version_has_no_report(database: object) -> None:
    number = diagnose(5.4152)
    with get_db_session() as session:
        session.execute(update(Diagnosis).where(Diagnosis.id == number).values(answer={"verdict": {}}))
        session.commit()
    report = ExperimentService.get_diagnosis_report(number)
    assert (report["success"], report["error_code"]) == (False, "conflict")
    assert "older version" in report["error"]


@pytest.mark.parametrize("kind", ["docx", ""])
def test_an_unknown_format_is_refused(database: object, kind: str) -> None:
    written = ExperimentService.export_diagnosis_report(diagnose(5.4152), kind)
    assert (written["success"], written["error_code"]) == (False, "invalid_input")
