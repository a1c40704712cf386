"""Reports of diagnoses over HTTP: as a document, as HTML and as PDF."""

from __future__ import annotations

from collections.abc import Callable

from services.experiment_service import ExperimentService
from tests.factories.vibrations import RATE_HZ, simulate_rolling
from tests.integration.api.conftest import Program


def diagnose() -> int:
    asked = ExperimentService.request_diagnosis(
        samples=simulate_rolling(3.5848, seed=3).tolist(),
        sample_rate_hz=RATE_HZ,
        shaft_speed_rpm=1797.0,
        geometry={"n": 9, "d": 7.94, "D": 39.04, "phi": 0},
    )
    assert ExperimentService.run_diagnosis_job(asked["job_id"], "w") == "done"
    return int(asked["diagnosis_id"])


def test_a_report_is_a_document_or_a_file_with_the_same_content(
    make_program: Callable[..., Program],
) -> None:
    reader = make_program(scopes=["read"])
    number = diagnose()
    report = reader.get(f"/diagnoses/{number}/report")
    assert {"diagnosis_id", "title", "headline", "sections", "content_sha256"} <= set(report)
    assert "success" not in report
    page = reader.call("GET", f"/diagnoses/{number}/report", query_string={"format": "html"})
    assert page.mimetype == "text/html"
    assert report["content_sha256"] in page.text
    assert page.headers["Content-Disposition"] == f'attachment; filename="diagnosis-{number}.html"'
    printed = reader.call("GET", f"/diagnoses/{number}/report", query_string={"format": "pdf"})
    assert printed.mimetype == "application/pdf"
    assert printed.data.startswith(b"%PDF-")


def test_what_is_no_report_is_refused_in_plain_words(program: Program) -> None:
    assert program.call("GET", "/diagnoses/77/report").status_code == 404
    wrong = program.call("GET", "/diagnoses/77/report", query_string={"format": "docx"})
    assert wrong.status_code == 422
    asked = ExperimentService.request_diagnosis(samples=[0.0] * 50 + [1.0], sample_rate_hz=RATE_HZ)
    waiting = program.call("GET", f"/diagnoses/{asked['diagnosis_id']}/report")
    assert waiting.status_code == 409
    assert "not finished yet" in waiting.json["detail"]
