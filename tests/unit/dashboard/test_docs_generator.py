"""Documents made from the code say what the code says."""

from __future__ import annotations

from pathlib import Path

from dashboard import docs_generator as subject

SOURCE = '''
"""A module."""


class WeatherService:
    """Says what the weather is."""

    @staticmethod
    def get_weather(town: str, *, days: int = 1) -> dict[str, float]:
        """Return the forecast.

        Args:
            town: Where.
        """

    @staticmethod
    def _look_out() -> None:
        """Private."""


class Helper:
    """No service."""
'''


def _write(folder: Path) -> list[subject.ClassEntry]:
    (folder / "weather_service.py").write_text(SOURCE)
    return subject.list_service_classes(folder)


def test_public_methods_of_service_classes_are_listed(tmp_path: Path) -> None:
    (entry,) = _write(tmp_path)
    assert (entry.name, entry.module) == ("WeatherService", "services.weather_service")
    (method,) = entry.methods
    assert method.signature == "get_weather(town: str, *, days: int=1) -> dict[str, float]"
    assert method.summary == "Return the forecast."


def test_catalogue_and_api_follow_the_docstrings(tmp_path: Path) -> None:
    classes = _write(tmp_path)
    assert "- `get_weather`: Return the forecast." in subject.render_catalogue(classes)
    api = subject.render_api(classes)
    assert "from services.weather_service import WeatherService" in api
    assert "town: Where." in api
    assert "Private" not in api


def test_a_service_put_together_from_parts_lists_them_all(tmp_path: Path) -> None:
    part = 'class Storms:\n    @staticmethod\n    def list_storms() -> list:\n        """Return storms."""\n'
    (tmp_path / "storms.py").write_text(part)
    whole = SOURCE.replace("class WeatherService:", "class WeatherService(Storms):")
    (tmp_path / "weather_service.py").write_text(whole)
    (entry,) = subject.list_service_classes(tmp_path)
    assert [method.name for method in entry.methods] == ["get_weather", "list_storms"]


def test_unset_settings_are_commented_out_and_switches_are_lower_case() -> None:
    lines = subject.render_env_example().splitlines()
    assert "# REDIS_URL=redis://127.0.0.1:6379/0" in lines
    assert "REDIS_ENABLED=true" in lines
    assert "JOB_LEASE_S=30" in lines
