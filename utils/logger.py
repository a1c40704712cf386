"""Logging: text or JSON, ids in ``extra``, and a filter that lets no secret through."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, Literal

from pythonjsonlogger.json import JsonFormatter

_ROOT = "lstm_pfd"
_SLOW_QUERY_MS = 200.0
_STANDARD_FIELDS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_REDACTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"sk_(live|test)_[A-Za-z0-9_-]+"), r"sk_\1_[redacted]"),
    (re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]+"), r"\1 [redacted]"),
    (
        re.compile(
            r"(?i)\b(password|passwd|secret|token|api[_-]?key|authorization|cookie)"
            r"(['\"]?\s*[=:]\s*['\"]?)[^\s'\",;&}]+"
        ),
        r"\1\2[redacted]",
    ),
    (re.compile(r"([?&](?:token|key|code)=)[^&\s]+"), r"\1[redacted]"),
    (re.compile(r"(/(?:setup|reset)/)[A-Za-z0-9_-]{20,}"), r"\1[redacted]"),
    (re.compile(r"(\w+://[^:/\s]*):[^@/\s]+@"), r"\1:[redacted]@"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
)

# Besides line ends also what moves a terminal's cursor or ends a line for other readers.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def redact(text: str) -> str:
    """Return ``text`` without secrets, keys, tokens and e-mail addresses, on one line."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class RedactionFilter(logging.Filter):
    """Renders each record's message once and redacts it; also string values given as ``extra``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact ``record`` in place and let it pass."""
        record.msg, record.args = redact(record.getMessage()), None
        for name, value in list(vars(record).items()):
            if name not in _STANDARD_FIELDS and isinstance(value, str):
                setattr(record, name, redact(value))
        return True


class _TextFormatter(logging.Formatter):
    """One line per record; what came in ``extra`` follows as ``key=value``."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD_FIELDS and v is not None}
        return text + "".join(f" {key}={value}" for key, value in extra.items())

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the standard library's name
        # Indented: a line of an error's own words never looks like a record.
        return "\n".join(f"  {redact(line)}" for line in super().formatException(ei).splitlines())


class _RedactingJsonFormatter(JsonFormatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 -- stdlib's name
        return redact(str(super().formatException(ei)))


def configure_logging(level: str, log_format: Literal["text", "json"] | str) -> None:
    """Send everything below the product's root logger to stderr. Called once by each process's start."""
    handler = logging.StreamHandler(sys.stderr)
    if log_format == "json":
        handler.setFormatter(
            _RedactingJsonFormatter(
                "{asctime}{levelname}{name}{message}", style="{", rename_fields={"levelname": "level"}
            )
        )
    else:
        handler.setFormatter(_TextFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    handler.addFilter(RedactionFilter())
    root = logging.getLogger(_ROOT)
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False


def setup_logger(name: str) -> logging.Logger:
    """Return the logger of a module; use as ``logger = setup_logger(__name__)``."""
    return logging.getLogger(name if name.startswith(_ROOT) else f"{_ROOT}.{name}")


def log_request(
    logger: logging.Logger, method: str, path: str, status: int, duration_ms: float, **extra: Any
) -> None:
    """Log one finished request with its figures as fields."""
    fields = {"http_method": method, "http_path": path, "http_status": status, **extra}
    logger.info("request", extra={**fields, "duration_ms": round(duration_ms, 1)})


def log_db_query(logger: logging.Logger, statement: str, duration_ms: float) -> None:
    """Log a statement that took longer than 200 ms; quick ones are not worth a line."""
    if duration_ms >= _SLOW_QUERY_MS:
        logger.warning("slow query", extra={"statement": statement[:500], "duration_ms": round(duration_ms)})


def log_error(logger: logging.Logger, message: str, *, context: dict[str, Any] | None = None) -> None:
    """Log the exception being handled, with its context as fields."""
    logger.error(message, extra=context or {}, exc_info=True)
