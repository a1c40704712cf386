"""The error tree, the error codes and the one table that says how the edges show them.

An expected failure is a sentence for a person plus a code for a program. ``core`` and the services raise
these errors inside; the service wrapper turns them into returned failures, and only
`ServiceUnavailableError` may leave a service.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Machine-readable reason of a failure. Every member has a row in `ERROR_TABLE`."""

    INVALID_INPUT = "invalid_input"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    CSRF_FAILED = "csrf_failed"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    MISSING_DEPENDENCY = "missing_dependency"
    INTERNAL = "internal"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_LARGE = "too_large"
    QUOTA_EXCEEDED = "quota_exceeded"
    STORAGE_FULL = "storage_full"
    # files and signals
    FILE_UNREADABLE = "file_unreadable"
    FILE_REFUSED = "file_refused"
    NO_USABLE_VECTOR = "no_usable_vector"
    EMPTY_SIGNAL = "empty_signal"
    NON_FINITE_SIGNAL = "non_finite_signal"
    SAMPLE_RATE_MISSING = "sample_rate_missing"
    SAMPLE_RATE_INVALID = "sample_rate_invalid"
    SAMPLE_RATE_TOO_LOW = "sample_rate_too_low"
    LABEL_MISSING = "label_missing"
    DUPLICATE_CONTENT = "duplicate_content"
    RECORDING_TOO_SHORT = "recording_too_short"
    DATA_DAMAGED = "data_damaged"
    GEOMETRY_UNKNOWN = "geometry_unknown"
    # splits and training
    SPLIT_LEAKS = "split_leaks"
    SPLIT_NEEDS_ACCEPTANCE = "split_needs_acceptance"
    LEAK_CHECK_RUNNING = "leak_check_running"
    CLASS_WITHOUT_TRAINING = "class_without_training"
    UNKNOWN_NETWORK = "unknown_network"
    UNKNOWN_OPTION = "unknown_option"
    NOT_TRAINED = "not_trained"
    NO_PREDICTIONS = "no_predictions"
    TRAINING_DIVERGED = "training_diverged"
    # jobs
    JOB_STATE = "job_state"
    NO_WORKER = "no_worker"
    OUT_OF_MEMORY = "out_of_memory"
    JOB_LOST = "job_lost"
    CANCELLED = "cancelled"


class ToastLevel(StrEnum):
    """How loudly the interface shows a failure."""

    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class ErrorPresentation:
    """What the edges show for one code: HTTP status, toast level and a short title."""

    http_status: int
    toast: ToastLevel
    title: str


_WARN, _RED, _INFO = ToastLevel.WARNING, ToastLevel.DANGER, ToastLevel.INFO

ERROR_TABLE: dict[ErrorCode, ErrorPresentation] = {
    ErrorCode.INVALID_INPUT: ErrorPresentation(422, _WARN, "Please correct the input"),
    ErrorCode.NOT_FOUND: ErrorPresentation(404, _WARN, "Not found"),
    ErrorCode.CONFLICT: ErrorPresentation(409, _WARN, "Already there"),
    ErrorCode.UNAUTHENTICATED: ErrorPresentation(401, _WARN, "Please sign in"),
    ErrorCode.FORBIDDEN: ErrorPresentation(403, _WARN, "Not allowed"),
    ErrorCode.CSRF_FAILED: ErrorPresentation(403, _WARN, "Request refused"),
    ErrorCode.RATE_LIMITED: ErrorPresentation(429, _WARN, "Too many requests"),
    ErrorCode.UNAVAILABLE: ErrorPresentation(503, _RED, "Temporarily unavailable"),
    ErrorCode.MISSING_DEPENDENCY: ErrorPresentation(501, _WARN, "Not installed"),
    ErrorCode.INTERNAL: ErrorPresentation(500, _RED, "Something went wrong"),
    ErrorCode.METHOD_NOT_ALLOWED: ErrorPresentation(405, _WARN, "Method not allowed"),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: ErrorPresentation(415, _WARN, "Unsupported format"),
    ErrorCode.TOO_LARGE: ErrorPresentation(413, _WARN, "Too large"),
    ErrorCode.QUOTA_EXCEEDED: ErrorPresentation(413, _WARN, "Quota used up"),
    ErrorCode.STORAGE_FULL: ErrorPresentation(507, _RED, "Disk full"),
    ErrorCode.FILE_UNREADABLE: ErrorPresentation(422, _WARN, "File can't be read"),
    ErrorCode.FILE_REFUSED: ErrorPresentation(422, _WARN, "File refused"),
    ErrorCode.NO_USABLE_VECTOR: ErrorPresentation(422, _WARN, "No signal in the file"),
    ErrorCode.EMPTY_SIGNAL: ErrorPresentation(422, _WARN, "Empty signal"),
    ErrorCode.NON_FINITE_SIGNAL: ErrorPresentation(422, _WARN, "Signal has gaps"),
    ErrorCode.SAMPLE_RATE_MISSING: ErrorPresentation(422, _WARN, "Sample rate needed"),
    ErrorCode.SAMPLE_RATE_INVALID: ErrorPresentation(422, _WARN, "Sample rate not possible"),
    ErrorCode.SAMPLE_RATE_TOO_LOW: ErrorPresentation(422, _WARN, "Sample rate too low"),
    ErrorCode.LABEL_MISSING: ErrorPresentation(422, _WARN, "Label needed"),
    ErrorCode.DUPLICATE_CONTENT: ErrorPresentation(409, _WARN, "Same content twice"),
    ErrorCode.RECORDING_TOO_SHORT: ErrorPresentation(422, _WARN, "Recording too short"),
    ErrorCode.DATA_DAMAGED: ErrorPresentation(409, _RED, "Stored data damaged"),
    ErrorCode.GEOMETRY_UNKNOWN: ErrorPresentation(422, _INFO, "Bearing geometry needed"),
    ErrorCode.SPLIT_LEAKS: ErrorPresentation(409, _RED, "Split leaks"),
    ErrorCode.SPLIT_NEEDS_ACCEPTANCE: ErrorPresentation(409, _WARN, "Split needs your agreement"),
    ErrorCode.LEAK_CHECK_RUNNING: ErrorPresentation(409, _INFO, "Leak check not finished"),
    ErrorCode.CLASS_WITHOUT_TRAINING: ErrorPresentation(422, _WARN, "Class without training recordings"),
    ErrorCode.UNKNOWN_NETWORK: ErrorPresentation(422, _WARN, "Unknown network"),
    ErrorCode.UNKNOWN_OPTION: ErrorPresentation(422, _WARN, "Unknown option"),
    ErrorCode.NOT_TRAINED: ErrorPresentation(409, _INFO, "Not trained yet"),
    ErrorCode.NO_PREDICTIONS: ErrorPresentation(409, _INFO, "Predictions not kept"),
    ErrorCode.TRAINING_DIVERGED: ErrorPresentation(422, _RED, "Training diverged"),
    ErrorCode.JOB_STATE: ErrorPresentation(409, _INFO, "Not possible in this state"),
    ErrorCode.NO_WORKER: ErrorPresentation(503, _WARN, "No worker is running"),
    ErrorCode.OUT_OF_MEMORY: ErrorPresentation(500, _RED, "Out of memory"),
    ErrorCode.JOB_LOST: ErrorPresentation(500, _RED, "Job lost"),
    ErrorCode.CANCELLED: ErrorPresentation(409, _INFO, "Cancelled"),
}


class LstmPfdError(Exception):
    """Root of every error that this product raises on purpose.

    Parameters
    ----------
    sentence
        What happened and what to do, in plain words.
    code
        Overrides the class's own code.
    """

    code: ErrorCode = ErrorCode.INTERNAL

    def __init__(self, sentence: str, *, code: ErrorCode | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if code is not None:
            self.code = code


class InvalidInputError(LstmPfdError):
    """The caller's input can't be used; the sentence says what would be."""

    code = ErrorCode.INVALID_INPUT


class NotFoundError(LstmPfdError):
    """The named thing does not exist, or is not the caller's."""

    code = ErrorCode.NOT_FOUND


class ConflictError(LstmPfdError):
    """The change would contradict what is stored."""

    code = ErrorCode.CONFLICT


class AccessDeniedError(LstmPfdError):
    """The actor's role or ownership does not allow this."""

    code = ErrorCode.FORBIDDEN


class FileRefusedError(InvalidInputError):
    """A file is broken, hostile or of no supported layout."""

    code = ErrorCode.FILE_REFUSED


class SignalError(InvalidInputError):
    """A signal can't be used as it is (empty, not finite, too short, wrong rate)."""


class DataDamagedError(LstmPfdError):
    """Stored bytes no longer match their hash."""

    code = ErrorCode.DATA_DAMAGED


class StorageFullError(LstmPfdError):
    """The disk or a quota has no room; nothing was changed."""

    code = ErrorCode.STORAGE_FULL


class MissingDependencyError(LstmPfdError):
    """An optional package is not installed."""

    code = ErrorCode.MISSING_DEPENDENCY


class ServiceUnavailableError(LstmPfdError):
    """The database or the storage can't be reached: "could not look", never "nothing there"."""

    code = ErrorCode.UNAVAILABLE


class JobCancelledError(LstmPfdError):
    """The job's cancel flag was read; nothing of it is kept."""

    code = ErrorCode.CANCELLED


class LeaseLostError(LstmPfdError):
    """Another worker holds the job now: this one's results must not be written."""

    code = ErrorCode.JOB_LOST


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error of the operating system means that the disk has no room."""
    return isinstance(error, OSError) and error.errno == errno.ENOSPC
