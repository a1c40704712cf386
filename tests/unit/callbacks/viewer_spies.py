"""Stand-ins for the services that the signal viewer's callbacks ask."""

from __future__ import annotations

from typing import Any

import pytest
from dash._callback_context import context_value
from dash._utils import AttributeDict


class Spy:
    """Stands for a service method: keeps what it was called with, gives what it was made with."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.calls = answer, []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("actor")
        self.calls.append((args, kwargs))
        return self.answer


def replace(monkeypatch: pytest.MonkeyPatch, service: type, method: str, answer: Any) -> Spy:
    spy = Spy(answer)
    monkeypatch.setattr(service, method, spy)
    return spy


def in_callback(
    callback: Any, n_outputs: int, *args: Any, triggered: str | None = None, **kwargs: Any
) -> Any:
    """Call as Dash does, so that the callback knows its outputs and what triggered it."""
    inputs = [{"prop_id": f"{triggered}.n_clicks", "value": 1}] if triggered else []
    token = context_value.set(AttributeDict(outputs_list=[{}] * n_outputs, triggered_inputs=inputs))
    try:
        return callback(*args, **kwargs)
    finally:
        context_value.reset(token)
