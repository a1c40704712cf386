"""Any record of any configuration, by its number."""

from __future__ import annotations

from core.synthesis.configuration import JournalConfig, RollingConfig, Severity
from core.synthesis.journal import MODEL_VERSION as JOURNAL_VERSION
from core.synthesis.journal import make_journal_record
from core.synthesis.record import SyntheticRecord
from core.synthesis.rolling import MODEL_VERSION as ROLLING_VERSION
from core.synthesis.rolling import make_rolling_record


def make_record(
    config: JournalConfig | RollingConfig, fault_class: str, index: int, *, severity: Severity | None = None
) -> SyntheticRecord:
    """Make record `index` of a class; the same wherever and whenever it is made."""
    if isinstance(config, JournalConfig):
        return make_journal_record(config, fault_class, index, severity=severity)
    return make_rolling_record(config, fault_class, index, severity=severity)


def list_records(config: JournalConfig | RollingConfig) -> list[tuple[str, int]]:
    """Return (class, index) of every record, the classes taking turns."""
    return [(fault_class, index) for index in range(config.n_per_class) for fault_class in config.classes]


def get_model_version(config: JournalConfig | RollingConfig) -> str:
    """Return the version of the formulas: records of one version and configuration are the same."""
    return JOURNAL_VERSION if isinstance(config, JournalConfig) else ROLLING_VERSION
