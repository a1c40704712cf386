"""The three return shapes of the services, and the wrapper that keeps failures inside them.

Inside a service an expected failure is raised as an `LstmPfdError`. The wrapper of the method's pattern
turns it into what the caller was promised; an unexpected error becomes the code ``internal`` with a
reference id that is also in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from utils.exceptions import ErrorCode, LstmPfdError, ServiceUnavailableError, StorageFullError, is_disk_full
from utils.ids import new_reference_id
from utils.logger import setup_logger

logger = setup_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def ok(**payload: Any) -> dict[str, Any]:
    """Return a successful pattern-C result."""
    return {"success": True, "error": None, "error_code": None, **payload}


def failure(error: LstmPfdError) -> dict[str, Any]:
    """Return the pattern-C result of an expected failure."""
    return {"success": False, "error": error.sentence, "error_code": error.code.value}


class CodedError(str):
    """An error sentence that carries its code, for the tuple-shaped results of pattern A."""

    code: str

    def __new__(cls, sentence: str, code: ErrorCode) -> CodedError:
        """Make a string that also has ``code``."""
        text = super().__new__(cls, sentence)
        text.code = code.value
        return text


def _expected(error: Exception, where: str) -> LstmPfdError:
    """Return ``error`` as an expected failure; log and number it when it was not one."""
    if isinstance(error, LstmPfdError):
        return error
    if is_disk_full(error):
        logger.error("disk full", exc_info=True, extra={"service_method": where})
        return StorageFullError("The disk is full. Nothing was changed; free some space and try again.")
    reference_id = new_reference_id()
    logger.error(
        "unexpected error", exc_info=True, extra={"service_method": where, "reference_id": reference_id}
    )
    return LstmPfdError(f"Something went wrong on our side (reference {reference_id}). Nothing was changed.")


def returns_result(method: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """Pattern C: a dict with ``success``, ``error``, ``error_code`` and the payload; never raises."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- the service wrapper is one of the edges that catch all
            return failure(_expected(error, method.__qualname__))

    wrapped.pattern = "C"  # type: ignore[attr-defined]  # read by the contract test
    return wrapped


def returns_tuple(size: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Pattern A: ``(success, error)``, or ``(success, payload…, error)`` of ``size`` items; never raises."""

    def decorate(method: Callable[P, T]) -> Callable[P, T]:
        @wraps(method)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return method(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 -- the service wrapper is one of the edges that catch all
                expected = _expected(error, method.__qualname__)
                sentence = CodedError(expected.sentence, expected.code)
                return (False, *(None,) * (size - 2), sentence)  # type: ignore[return-value]

        wrapped.pattern = "A"  # type: ignore[attr-defined]  # read by the contract test
        return wrapped

    return decorate


def returns_data(empty: Callable[[], Any]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Pattern B: the data, or ``empty()`` where it does not exist.

    "Nothing there" and "could not look" stay different: only `ServiceUnavailableError` leaves.
    """

    def decorate(method: Callable[P, T]) -> Callable[P, T]:
        @wraps(method)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return method(*args, **kwargs)
            except ServiceUnavailableError:
                raise
            except LstmPfdError as error:
                logger.info(
                    "nothing to return", extra={"service_method": method.__qualname__, "code": error.code}
                )
                return cast("T", empty())
            except Exception as error:
                raise ServiceUnavailableError(_expected(error, method.__qualname__).sentence) from error

        wrapped.pattern = "B"  # type: ignore[attr-defined]  # read by the contract test
        return wrapped

    return decorate


def none() -> None:
    """Return None: the empty answer of methods that look one thing up."""
    return
