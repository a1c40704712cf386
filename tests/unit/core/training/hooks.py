"""Hooks that remember what they heard and give a command at a chosen moment."""

from __future__ import annotations

from core.training.hooks import Command, EpochRecord


class RecordingHooks:
    """Says ``command`` from the ``after``-th time on that it is asked."""

    def __init__(self, command: Command = Command.CONTINUE, after: int = 0) -> None:
        self.records: list[EpochRecord] = []
        self.progress: list[float] = []
        self.messages: list[str] = []
        self.warnings: list[str] = []
        self.n_asked = 0
        self._command, self._after = command, after

    def on_epoch(self, record: EpochRecord) -> None:
        self.records.append(record)

    def on_batch(self, progress: float) -> None:
        self.progress.append(progress)

    def command(self) -> Command:
        self.n_asked += 1
        return self._command if self.n_asked > self._after else Command.CONTINUE

    def on_message(self, message: str, *, level: str = "info", epoch: int | None = None) -> None:
        self.messages.append(message)
        if level == "warning":
            self.warnings.append(message)
